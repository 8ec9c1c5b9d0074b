import { type CallRule, isUnconditional } from './select.ts';

/**
 * On i386 sockets and System V IPC also go through one call each, `socketcall` and `ipc`, whose first argument says which
 * one is meant (net/socket.c, ipc/syscall.c). A rule for `bind` has to count for `socketcall(SYS_BIND, …)` too, as in
 * libseccomp; one with arguments can't, since they lie in memory there.
 */
const SOCKETCALL =
  'socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown ' +
  'setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg';
const IPC =
  'semop semget semctl semtimedop - - - - - - msgsnd msgrcv msgget msgctl - - - - - - shmat shmdt shmget shmctl';

export function withMultiplexed(
  rules: ReadonlyMap<string, readonly CallRule[]>,
): Map<string, readonly CallRule[]> {
  const all = new Map(rules);
  for (const [call, names] of [
    ['socketcall', SOCKETCALL],
    ['ipc', IPC],
  ] as const) {
    const own = all.get(call) ?? [];
    if (own.some(isUnconditional)) continue;
    const derived = names.split(' ').flatMap((name, index) => {
      const rule = rules.get(name)?.find(isUnconditional);
      if (rule === undefined) return [];
      return [
        {
          args: [{ index: 0, value: BigInt(index + 1), valueTwo: 0n, op: 'SCMP_CMP_EQ' as const }],
          value: rule.value,
        },
      ];
    });
    if (derived.length > 0) all.set(call, [...own, ...derived]);
  }
  return all;
}
