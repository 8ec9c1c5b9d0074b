import type { ProcessTable, StartedFact } from './facts.ts';

/** How long a killed process may take to be gone, in milliseconds; the kernel ends all of its pid namespace before. */
const PATIENCE_MS = 5000;
const LOOK_MS = 2;

/**
 * Ends a container whose monitor was killed. The kernel does that by itself (PR_SET_PDEATHSIG), but for a first process that
 * has changed its user since, as `su`, `gosu` and every set-uid program do: that one is found by its number and start time.
 * With it, all of its pid namespace ends.
 */
export function endOrphan(started: StartedFact, processes: ProcessTable): void {
  const { initPid, initStartTime, bootId } = started;
  if (initStartTime === undefined || bootId !== processes.bootId()) return;
  const lives = (): boolean => processes.startTime(initPid) === initStartTime;
  if (!lives()) return;
  processes.kill(initPid);
  // Whoever asks is told that the container has ended, and may start it again or remove its files.
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const end = Date.now() + PATIENCE_MS; lives() && Date.now() < end; ) {
    Atomics.wait(pause, 0, 0, LOOK_MS);
  }
}
