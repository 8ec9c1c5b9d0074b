import { closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openAllDrivers } from '../../plugin/open.ts';
import { Database } from '../../store/database.ts';
import { DriverState } from '../../store/driver-state.ts';
import { READY, READY_FD } from '../beside.ts';
import type { DriverLogConfig } from './config.ts';
import { serveDriverLog } from './serve.ts';
import { DriverSink } from './sink.ts';

const config = JSON.parse(process.argv[2] ?? '{}') as DriverLogConfig;
let told = !config.tells;

function tell(text: string): void {
  if (told) return;
  told = true;
  writeSync(READY_FD, text);
  closeSync(READY_FD);
}

/** Opened by the first driver that keeps something. */
let database: Database | undefined;
const state = (): DriverState => {
  database ??= new Database(join(config.root, 'wherry.db'));
  return new DriverState(database, 'log', config.driver);
};

try {
  const drivers = openAllDrivers(join(config.root, 'plugins'), { stateFor: state });
  const sink = new DriverSink(config, drivers.log(config.driver), (changes) => state().apply(changes));
  await serveDriverLog(config.socket, sink, () => tell(READY));
  process.exit(0);
} catch (error) {
  tell(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
