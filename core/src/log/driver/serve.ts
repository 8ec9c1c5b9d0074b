import { awaitMonitor } from '../beside.ts';
import { RecordStream } from './records.ts';
import type { DriverSink } from './sink.ts';

/**
 * Takes what a monitor says until it goes. Everything between the socket and the file is done at once, so that who is slow
 * leaves the rest with the monitor, whose buffer and mode are the user's.
 */
export async function serveDriverLog(socket: string, sink: DriverSink, ready: () => void): Promise<void> {
  const monitor = await awaitMonitor(socket, ready);
  if (monitor === undefined) return;
  const records = new RecordStream();
  await new Promise<void>((resolve) => {
    monitor.on('data', (chunk: Buffer) => sink.take(records.push(chunk)));
    monitor.on('end', resolve);
    monitor.on('error', () => resolve());
  });
  sink.end();
  // Only now: the monitor waits for it before it says that the container has ended.
  await new Promise<void>((resolve) => monitor.end(resolve));
}
