import { join } from 'node:path';
import type { OpenRequest, Sink } from '../../core/src/plugin/contract.ts';
import type { LogDriver } from '../../core/src/plugin/drivers.ts';
import { openNative } from './native.ts';
import { FACTS } from './subject.ts';

export const ID = '0123456789abcdef'.repeat(4);

/** A driver run as TypeScript; `directory` is that of its test. */
export async function nativeLogDriver(directory: string): Promise<LogDriver> {
  const source: object = await import(join(directory, '../src/index.ts'));
  return openNative<LogDriver>(source).driver;
}

/** A container `web` with labels and environment to choose from. */
export function logRequest(options: Readonly<Record<string, string>>): OpenRequest {
  return {
    container: ID,
    containerName: 'web',
    image: 'registry.example/app:1',
    imageId: `sha256:${'fe'.repeat(32)}`,
    command: 'sh -c true',
    labels: [
      { key: 'tier', value: 'front' },
      { key: 'team', value: 'a' },
    ],
    env: [
      { key: 'PATH', value: '/bin' },
      { key: 'STAGE', value: 'test' },
    ],
    facts: FACTS,
    options: Object.entries(options).map(([key, value]) => ({ key, value })),
  };
}

/** What a driver's socket sink looks like, its attributes as a record. */
export function socketOf(sink: Sink): Readonly<Record<string, unknown>> {
  if (sink.tag !== 'socket') throw new Error(`the sink is ${sink.tag}`);
  const attributes = Object.fromEntries(sink.val.attributes.map(({ key, value }) => [key, value]));
  return { ...sink.val, attributes };
}
