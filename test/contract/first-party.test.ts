import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WherryError } from '../../core/src/errors/error.ts';
import type { LogDriver } from '../../core/src/plugin/drivers.ts';
import { buildDrivers } from '../../scripts/build-drivers.ts';
import { openNative } from './native.ts';
import { openPackage, runLogContract, runNetworkContract, runStorageContract } from './run.ts';
import type { Subject } from './subject.ts';
import { FACTS } from './subject.ts';
import { openTwin } from './twin.ts';

await buildDrivers();

const ROOT = join(import.meta.dirname, '../..');

/** Runs a suite on the sources as TypeScript, then on the component of the same name, which has to answer the same. */
async function runBoth<D extends object>(
  run: (label: string, open: () => Subject<D>) => void,
  name: string,
): Promise<void> {
  const source: object = await import(join(ROOT, 'plugins', name, 'src/index.ts'));
  const built = join(ROOT, 'dist/drivers', name);
  run(`${name}, as TypeScript`, () => openNative<D>(source));
  run(`${name}, as a component`, () => openTwin(openPackage<D>(built), openNative<D>(source)));
}

await runBoth(runStorageContract, 'storage-overlay');
await runBoth(runStorageContract, 'storage-vfs');
await runBoth(runNetworkContract, 'net-none');
await runBoth(runNetworkContract, 'net-host');
await runBoth(runNetworkContract, 'net-bridge');
await runBoth(runNetworkContract, 'net-slirp');
await runBoth(runLogContract, 'log-json-file');
await runBoth(runLogContract, 'log-none');
await runBoth(runLogContract, 'log-k8s-file');
await runBoth(runLogContract, 'log-local');
await runBoth(runLogContract, 'log-journald');
await runBoth(runLogContract, 'log-syslog');
await runBoth(runLogContract, 'log-gelf');
await runBoth(runLogContract, 'log-fluentd');

test('log-json-file makes the same of every size and tag as its sources do', async () => {
  const source: object = await import(join(ROOT, 'plugins/log-json-file/src/index.ts'));
  const built = openPackage<LogDriver>(join(ROOT, 'dist/drivers/log-json-file'));
  const { driver } = openTwin(built, openNative<LogDriver>(source));
  const sizes = ['10m', '1.5g', '512', '0.0007k', '7b', '3 kib', '123456789.123456k', '1p', '9999999999p'];
  const tags = ['', '{{.ID}}', 'a{{ .Name }}b{{.Command}}c', '{{.Nope}}', '{{.ID'];
  const request = {
    ...{ container: 'f'.repeat(64), containerName: 'web', image: 'i', imageId: `sha256:${'a'.repeat(64)}` },
    ...{ command: 'sh', labels: [{ key: 'ü', value: '\u{1F433}' }], env: [], facts: FACTS },
  };
  let answered = 0;
  for (const size of sizes) {
    for (const tag of tags) {
      const options = Object.entries({
        'max-size': size,
        'max-file': '3',
        compress: 'true',
        labels: 'ü',
        tag,
      });
      try {
        driver.open({ ...request, options: options.map(([key, value]) => ({ key, value })) });
        answered += 1;
      } catch (error) {
        if (!(error instanceof WherryError)) throw error;
      }
    }
  }
  expect(answered).toBe(6 * 3);
});
