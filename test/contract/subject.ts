import assert from 'node:assert/strict';
import { WherryError } from '../../core/src/errors/error.ts';
import type { Facts, Location, NetworkConfig, Operation, Step } from '../../core/src/plugin/contract.ts';
import type { Called } from '../../core/src/plugin/driver.ts';

/** A driver with an empty state of its own, as each case gets one. */
export interface Subject<D> {
  readonly driver: D;
  /** Keeps what a call put into the state, as the host does once the plan has been carried out. */
  commit<T>(called: Called<T>): T;
}

/** Something that every driver of a kind has to do. */
export interface ContractCase<D> {
  readonly name: string;
  run(subject: Subject<D>): void;
}

/** A machine that can do everything. */
export const FACTS: Facts = {
  kernel: '6.12.0',
  architecture: 'amd64',
  stateFilesystem: 'ext4',
  reflink: true,
  kernelOverlay: true,
  overlayLowerdirPlus: true,
  singleId: false,
  fuse: true,
  tun: true,
  programs: ['pasta', 'slirp4netns', 'fuse-overlayfs'],
  routes: ['10.0.0.0/8'],
  nameServers: ['192.0.2.53'],
};

/** A network of a driver that gives no addresses. */
export const BARE_NETWORK: NetworkConfig = {
  id: 'a'.repeat(64),
  name: 'net',
  subnets: [],
  internal: false,
  ipv4: true,
  ipv6: false,
  options: [],
};

/** A container's id. */
export const CONTAINER = 'c0ffee'.padEnd(64, '0');

/** Expects the call to be refused with this code, in a sentence and with a hint. */
export function refuses(code: string, call: () => unknown): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof WherryError, String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.length > 10 && error.hint.length > 5);
    return true;
  });
}

/** Expects every path of a plan to lie below one of these roots, without a way out. */
export function staysWithin(roots: readonly string[], steps: readonly Step[]): void {
  for (const step of steps) {
    for (const operation of [step.do, step.undo]) {
      if (operation === undefined) continue;
      for (const { root, path } of locationsOf(operation)) {
        assert.ok(roots.includes(root), `${operation.tag} reaches ${root}:${path}`);
        assert.ok(
          !path.startsWith('/') && !path.split('/').includes('..'),
          `${root}:${path} leads out of its root`,
        );
      }
    }
  }
}

function locationsOf(operation: Operation): Location[] {
  return Object.values(operation.val)
    .flat()
    .filter((value): value is Location => typeof value === 'object' && value !== null && 'root' in value);
}
