import { serveBeside } from '../beside.ts';
import type { RelayConfig } from './config.ts';
import { relay } from './relay.ts';

const config = JSON.parse(process.argv[2] ?? '{}') as RelayConfig;

await serveBeside(config.tells, (ready) => relay(config, ready));
