// driver-host.ts seed DRIVERS FILE   writes the state of an overlay driver with one layer
// driver-host.ts call DRIVERS FILE   loads overlay, none and json-file, calls them as one `run` does, prints milliseconds
//
// What the drivers of a run cost a fresh process. run.ts bundles it, and gives it Node's compile cache, as the product is a
// bundle with a code cache.
import { readFileSync, writeFileSync } from 'node:fs';
import type { NetworkConfig, OpenRequest } from '../core/src/plugin/contract.ts';
import { type Drivers, openDrivers } from '../core/src/plugin/drivers.ts';
import { readDrivers } from '../core/src/plugin/package.ts';
import { MemoryState } from '../core/src/plugin/state.ts';
import { CONTAINER, FACTS } from '../test/contract/subject.ts';

const OPTIONS = { facts: FACTS, options: [] };
const NETWORK: NetworkConfig = {
  id: 'ab'.repeat(32),
  name: 'none',
  subnets: [],
  internal: false,
  ipv4: true,
  ipv6: false,
  options: [],
};
const LOG: OpenRequest = {
  container: CONTAINER,
  containerName: 'bench',
  image: 'debian',
  imageId: `sha256:${'fe'.repeat(32)}`,
  command: 'true',
  labels: [],
  env: [],
  ...OPTIONS,
};

/** In the order of `run`: two calls to create the container, four to start it. */
function callAsRun(drivers: Drivers, state: MemoryState): void {
  const storage = drivers.storage('overlay');
  state.apply(storage.prepareContainer({ id: CONTAINER, parent: 'L1', ...OPTIONS }).changes);
  drivers.log('json-file').open(LOG);
  drivers.network('none').attach({
    container: CONTAINER,
    network: NETWORK,
    endpoint: { interfaceName: 'eth0', addresses: [], mac: undefined, aliases: [] },
    ports: [],
    facts: FACTS,
    previous: undefined,
  });
  drivers.log('json-file').open(LOG);
  storage.mounts({ id: CONTAINER, readOnly: false, ...OPTIONS });
  storage.remove(CONTAINER);
}

function seed(drivers: Drivers, state: MemoryState): void {
  const storage = drivers.storage('overlay');
  state.apply(storage.prepareLayer({ key: 'x1', parent: undefined, ...OPTIONS }).changes);
  state.apply(storage.commitLayer('x1', 'L1', undefined).changes);
}

const [mode, directory = '', file = ''] = process.argv.slice(2);
const state = new MemoryState();
const packages = readDrivers(directory);
const drivers = openDrivers({ builtin: packages, stateFor: () => state });
if (mode === 'seed') {
  seed(drivers, state);
  writeFileSync(file, JSON.stringify(state.list('').map((key) => [key, state.get(key)])));
} else {
  state.apply(new Map(JSON.parse(readFileSync(file, 'utf8')) as [string, string][]));
  const start = process.hrtime.bigint();
  callAsRun(drivers, state);
  console.log((Number(process.hrtime.bigint() - start) / 1e6).toFixed(3));
}
