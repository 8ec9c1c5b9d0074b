import { join } from 'node:path';
import { openAllDrivers } from '../../plugin/open.ts';
import { Database } from '../../store/database.ts';
import { DriverState } from '../../store/driver-state.ts';
import { serveBeside } from '../beside.ts';
import type { DriverLogConfig } from './config.ts';
import { serveDriverLog } from './serve.ts';
import { DriverSink } from './sink.ts';

const config = JSON.parse(process.argv[2] ?? '{}') as DriverLogConfig;

/** Opened by the first driver that keeps something. */
let database: Database | undefined;
const state = (): DriverState => {
  database ??= new Database(join(config.root, 'wherry.db'));
  return new DriverState(database, 'log', config.driver);
};

await serveBeside(config.tells, (ready) => {
  const drivers = openAllDrivers(join(config.root, 'plugins'), { stateFor: state });
  const sink = new DriverSink(config, drivers.log(config.driver), (changes) => state().apply(changes));
  return serveDriverLog(config.socket, sink, ready);
});
