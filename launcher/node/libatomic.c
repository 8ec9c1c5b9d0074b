// The one function of GCC's libatomic that the Node.js of the package calls, for machines without that library: bin/wherry
// has it loaded there. What it promises is in gcc.gnu.org/wiki/Atomic/GCCMM/LIbrary. It needs no C library.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Under its own name GCC takes it for its builtin.
__attribute__((visibility("default"))) bool compare_exchange(size_t size, volatile void *object, void *expected,
                                                             const void *desired, int success, int failure)
    __asm__("__atomic_compare_exchange");

#define OF_SIZE(type)                                                                                    \
  case sizeof(type):                                                                                     \
    return __atomic_compare_exchange_n((volatile type *)object, (type *)expected, *(const type *)desired, \
                                       false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

// The strongest order, whichever is asked for. Node.js asks for 8 bytes alone; for what the processor doesn't exchange at
// once there would have to be a lock that every other access shares.
bool compare_exchange(size_t size, volatile void *object, void *expected, const void *desired, int success, int failure) {
  (void)success, (void)failure;
  switch (size) {
    OF_SIZE(uint8_t);
    OF_SIZE(uint16_t);
    OF_SIZE(uint32_t);
    OF_SIZE(uint64_t);
    default: __builtin_trap();
  }
}
