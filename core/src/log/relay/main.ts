import { closeSync, writeSync } from 'node:fs';
import { READY, READY_FD } from '../beside.ts';
import type { RelayConfig } from './config.ts';
import { relay } from './relay.ts';

const config = JSON.parse(process.argv[2] ?? '{}') as RelayConfig;
let told = false;

function tell(text: string): void {
  if (told) return;
  told = true;
  writeSync(READY_FD, text);
  closeSync(READY_FD);
}

try {
  await relay(config, () => tell(READY));
  process.exit(0);
} catch (error) {
  tell(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
