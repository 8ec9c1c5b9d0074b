import { EXIT, WherryError } from '../errors/error.ts';
import type { Location, Operation, Step } from '../plugin/contract.ts';
import type { Called } from '../plugin/driver.ts';
import type { Drivers, StorageDriver } from '../plugin/drivers.ts';
import type { ContainerSpec } from './record.ts';
import { ROOTFS_DRIVER, type RootDirectory } from './rootfs-directory.ts';

/** What a container's life asks of its storage. */
export type ContainerStorage = Pick<
  StorageDriver,
  'info' | 'prepareContainer' | 'mounts' | 'changed' | 'remove'
>;

/** The storage of a container: its driver, or for a container with `--rootfs` the core's own plans, which pass the same gate. */
export function storageOf(
  drivers: Drivers,
  { storageDriver, rootfs }: Pick<ContainerSpec, 'storageDriver' | 'rootfs'>,
): ContainerStorage {
  return rootfs === undefined ? drivers.storage(storageDriver) : directoryStorage(rootfs);
}

/**
 * A directory of the host as the root file system: the one path of the host that its plans may use is that directory, and
 * only for reading. What lies above it, or a copy of it, is at `layers:ID/diff`. Has no state.
 */
export function directoryStorage({ path, mode }: RootDirectory): ContainerStorage {
  const origin: Location = { root: 'host', path: path.slice(1) };
  const own = (id: string, name: string): Location => ({ root: 'layers', path: `${id}/${name}` });
  const target: Location = { root: 'container', path: 'rootfs' };
  return {
    info: {
      name: ROOTFS_DRIVER,
      kind: 'storage',
      version: '1.0.0',
      summary: 'A directory of the host.',
      permissions: [{ tag: 'host-path', val: path }],
      options: [],
    },
    prepareContainer({ id, facts: { reflink } }) {
      if (mode === 'direct') return called([]);
      const whole: Location = { root: 'layers', path: id };
      return called([
        step({ tag: 'remove-tree', val: { at: whole } }),
        step(
          { tag: 'make-dir', val: { at: whole, mode: 0o700 } },
          { tag: 'remove-tree', val: { at: whole } },
        ),
        ...(mode === 'copy'
          ? [step({ tag: 'copy-tree', val: { source: origin, target: own(id, 'diff'), reflink } })]
          : [
              step({ tag: 'make-dir', val: { at: own(id, 'diff'), mode: 0o755 } }),
              step({ tag: 'make-dir', val: { at: own(id, 'work'), mode: 0o700 } }),
            ]),
      ]);
    },
    mounts({ id }) {
      if (mode !== 'overlay') {
        const source = mode === 'direct' ? origin : own(id, 'diff');
        return called([
          step({ tag: 'bind-mount', val: { source, target, readOnly: false, recursive: true } }),
        ]);
      }
      const upper = own(id, 'diff');
      const work = own(id, 'work');
      return called([
        step({
          tag: 'overlay-mount',
          val: { lower: [origin], upper, work, target, options: ['userxattr'] },
        }),
      ]);
    },
    changed(id) {
      if (mode === 'direct') throw nothingApart(path);
      const at = own(id, 'diff');
      return called(
        mode === 'overlay'
          ? { tag: 'tree', val: { at, whiteouts: 'overlay' } }
          : { tag: 'compare', val: { lower: origin, upper: at } },
      );
    },
    remove(id) {
      if (mode === 'direct') return called([]);
      return called([step({ tag: 'remove-tree', val: { at: { root: 'layers', path: id } } })]);
    },
  };
}

function called<T>(value: T): Called<T> {
  return { value, changes: new Map() };
}

function step(operation: Operation, undo?: Operation): Step {
  return undo === undefined ? { do: operation } : { do: operation, undo };
}

/** Changes are asked for of a container that has none of its own. */
export function nothingApart(path: string): WherryError {
  return new WherryError(
    `The container writes to ${path} itself, so there is nothing that its changes could be told from.`,
    {
      code: 'E_ROOTFS',
      hint: `Make it with --rootfs ${path}:O to have them kept apart.`,
      exitCode: EXIT.failure,
    },
  );
}
