/** One system call as a filter sees it: struct seccomp_data of linux/seccomp.h. */
export interface Call {
  readonly audit: number;
  readonly nr: number;
  readonly args?: readonly bigint[];
}

/** Runs a classic BPF program as the kernel's seccomp does and returns its verdict. Throws on anything the kernel refuses. */
export function runFilter(program: Uint8Array, call: Call): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.nr, true);
  data.setUint32(4, call.audit, true);
  for (const [index, value] of (call.args ?? []).entries()) data.setBigUint64(16 + 8 * index, value, true);
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  let accumulator = 0;
  for (let pc = 0; ; pc++) {
    if (pc * 8 >= program.length) throw new Error(`fell off the end at ${pc}`);
    const code = view.getUint16(pc * 8, true);
    const k = view.getUint32(pc * 8 + 4, true);
    const jump = (taken: boolean): void => {
      pc += view.getUint8(pc * 8 + (taken ? 2 : 3));
    };
    if (code === 0x06) return k;
    else if (code === 0x20) accumulator = data.getUint32(k, true);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) pc += k;
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x25) jump(accumulator > k);
    else if (code === 0x35) jump(accumulator >= k);
    else if (code === 0x45) jump((accumulator & k) !== 0);
    else throw new Error(`instruction ${code.toString(16)} at ${pc}`);
  }
}
