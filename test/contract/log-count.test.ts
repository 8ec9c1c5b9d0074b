import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { buildCount, COUNT_SOURCE } from '../support/log-count.ts';
import { openNative } from './native.ts';
import { openPackage, runLogContract } from './run.ts';
import { openTwin } from './twin.ts';

const built = mkdtempSync(join(tmpdir(), 'wherry-count-'));
await buildCount(built);
afterAll(() => rmSync(built, { recursive: true }));

const source: object = await import(COUNT_SOURCE);
runLogContract('a driver that writes by itself, as TypeScript', () => openNative(source));
runLogContract('a driver that writes by itself, as a component', () =>
  openTwin(openPackage(built), openNative(source)),
);
