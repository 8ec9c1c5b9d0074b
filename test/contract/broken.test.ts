import { describe, expect, test } from 'vitest';
import { WherryError } from '../../core/src/errors/error.ts';
import { checkPlan } from '../../core/src/plan/check.ts';
import { NO_GRANTS } from '../../core/src/plan/grants.ts';
import { type Drivers, openDrivers } from '../../core/src/plugin/drivers.ts';
import { SCHEMA } from '../../core/src/plugin/schema.ts';
import { MemoryState } from '../../core/src/plugin/state.ts';
import { answering, brokenDriver, type Fault } from './broken.ts';
import { CONTAINER, FACTS } from './subject.ts';

/** Long enough for a sound driver on a machine that has much else to do. */
const LIMIT_MS = 1500;

const HOST = SCHEMA.interfaces.host.id;
const GROW = '(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable';

/** A fault, the code of the one error that it gives, and what the message has to say besides the driver's name. */
const FAULTS: readonly (Fault & { readonly code: string; readonly says: string })[] = [
  { name: 'traps', bodies: { open: 'unreachable' }, code: 'E_DRIVER_TRAP', says: 'open' },
  {
    name: 'recurses',
    fields: '(func $down (param i32) (result i32) (call $down (local.get 0)))',
    bodies: { open: '(call $down (local.get 0))' },
    code: 'E_DRIVER_TRAP',
    says: 'open',
  },
  {
    name: 'loops',
    bodies: { open: '(loop (br 0)) unreachable' },
    code: 'E_DRIVER_TIMEOUT',
    says: `within ${LIMIT_MS} ms`,
  },
  { name: 'hogs-memory', bodies: { open: GROW }, code: 'E_DRIVER_TRAP', says: 'open' },
  { name: 'starts-large', pages: 65, code: 'E_DRIVER_LOAD', says: 'starts with 4259840 bytes' },
  {
    name: 'points-outside',
    bodies: { open: 'i32.const 0x7ffffff0' },
    code: 'E_DRIVER_REPLY',
    says: 'outside',
  },
  { name: 'points-askew', bodies: { open: 'i32.const 1025' }, code: 'E_DRIVER_REPLY', says: 'outside' },
  { name: 'no-such-case', bodies: { open: answering(0, 9) }, code: 'E_DRIVER_REPLY', says: 'case 9 of Sink' },
  {
    name: 'half-a-character',
    bodies: { read: `(i32.store (i32.const 2048) (i32.const 0xd800)) ${answering(0, 0, 2048, 1)}` },
    code: 'E_DRIVER_REPLY',
    says: 'well-formed',
  },
  { name: 'without-end', bodies: { parse: answering(0, 64, 6000) }, code: 'E_DRIVER_REPLY', says: 'outside' },
  {
    name: 'wordless',
    bodies: { open: answering(1, 4, 0, 0, 0, 0) },
    code: 'E_DRIVER_REPLY',
    says: 'without a message',
  },
  { name: 'lacks-close', without: ['close'], code: 'E_DRIVER_FUNCTION', says: 'lacks close' },
  {
    name: 'wants-wasi',
    fields: '(import "wasi:filesystem/preopens@0.2.3" "get-directories" (func (param i32)))',
    code: 'E_DRIVER_IMPORT',
    says: 'wasi:filesystem/preopens@0.2.3 get-directories',
  },
  {
    name: 'wants-more',
    fields: `(import "${HOST}" "read-file" (func (param i32)))`,
    code: 'E_DRIVER_IMPORT',
    says: 'read-file',
  },
  {
    name: 'wants-a-table',
    fields: `(import "${HOST}" "state-get" (table 1 funcref))`,
    code: 'E_DRIVER_IMPORT',
    says: 'state-get',
  },
  {
    name: 'from-the-future',
    interfaceId: 'wherry:driver/log@7.0.0',
    code: 'E_DRIVER_VERSION',
    says: 'version 7.0.0',
  },
  {
    name: 'is-for-networks',
    interfaceId: SCHEMA.interfaces.network.id,
    code: 'E_DRIVER_KIND',
    says: 'network driver',
  },
];

const REQUEST = {
  container: CONTAINER,
  containerName: 'web',
  image: 'busybox',
  imageId: '',
  command: '',
  labels: [],
  env: [],
  facts: FACTS,
  options: [],
};

async function open(...faults: readonly Fault[]): Promise<Drivers> {
  return openDrivers({
    builtin: await Promise.all([...faults, { name: 'sound' }].map(brokenDriver)),
    stateFor: () => new MemoryState(),
    deadlines: { first: LIMIT_MS, next: LIMIT_MS },
  });
}

function failureOf(call: () => unknown): WherryError {
  try {
    call();
  } catch (error) {
    if (error instanceof WherryError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

describe('a broken driver', () => {
  for (const { code, says, ...fault } of FAULTS) {
    test(`that ${fault.name} gives ${code}, in time, and leaves others alone`, async () => {
      const drivers = await open(fault);
      const broken = drivers.log(fault.name);
      const failure = failureOf(() => {
        if (fault.bodies?.read !== undefined) broken.read(REQUEST);
        else if (fault.bodies?.parse !== undefined) broken.parse(new Uint8Array());
        else broken.open(REQUEST);
      });
      expect(failure.code).toBe(code);
      expect(failure.message).toContain(`log driver ${fault.name}`);
      expect(failure.message).toContain(says);
      expect(failure.hint).not.toBe('');
      expect(drivers.log('sound').open(REQUEST).value).toEqual({ tag: 'none' });
    });
  }

  test('works again at the next call, with a new instance', async () => {
    const drivers = await open({
      name: 'once',
      fields: '(global $spoilt (mut i32) (i32.const 0))',
      bodies: {
        open: '(global.set $spoilt (i32.const 1)) unreachable',
        close: '(if (global.get $spoilt) (then unreachable)) i32.const 1024',
      },
    });
    const once = drivers.log('once');
    expect(failureOf(() => once.open(REQUEST)).code).toBe('E_DRIVER_TRAP');
    expect(once.close(CONTAINER).value).toBeUndefined();
  });

  test('that wants a file of the host gets it past no gate', async () => {
    const path =
      '(i32.store (i32.const 2048) (i32.const 0x740065)) (i32.store (i32.const 2052) (i32.const 0x63))';
    const hostFile = `${path} ${answering(0, 1, 4, 2048, 3, 0, 2048, 0, 1, 0, 0, 0)}`;
    const drivers = await open({ name: 'greedy', bodies: { open: hostFile } });
    const sink = drivers.log('greedy').open(REQUEST).value;
    expect(sink).toMatchObject({ tag: 'file', val: { at: { root: 'host', path: 'etc' } } });
    const asker = { kind: 'log', driver: 'greedy', request: 'open' } as const;
    const refused = failureOf(() => checkPlan({ asker, steps: [], sink, grants: NO_GRANTS }));
    expect(refused.code).toBe('E_PLAN_REFUSED');
    expect(refused.message).toContain('greedy');
  });

  test('keeps nothing that a failed call put', async () => {
    const put = `(import "${HOST}" "state-put" (func $put (param i32 i32 i32 i32)))`;
    const body = '(call $put (i32.const 64) (i32.const 1) (i32.const 64) (i32.const 1)) unreachable';
    const state = new MemoryState();
    const builtin = [await brokenDriver({ name: 'puts', fields: put, bodies: { open: body } })];
    const drivers = openDrivers({ builtin, stateFor: () => state });
    expect(failureOf(() => drivers.log('puts').open(REQUEST)).code).toBe('E_DRIVER_TRAP');
    expect(state.list('')).toEqual([]);
  });

  test('can’t fill the state with a key that is too long', async () => {
    const put = `(import "${HOST}" "state-put" (func $put (param i32 i32 i32 i32)))`;
    const body = '(call $put (i32.const 2048) (i32.const 300) (i32.const 64) (i32.const 1)) i32.const 1024';
    const drivers = await open({ name: 'long-key', fields: put, bodies: { open: body } });
    expect(failureOf(() => drivers.log('long-key').open(REQUEST)).message).toContain(
      'a key of 300 characters',
    );
  });

  test('scores nothing, and the others are still probed', async () => {
    const drivers = await open({ name: 'probe-traps', bodies: { probe: 'unreachable' } });
    const [first, second] = drivers.candidates('log', FACTS);
    expect([first?.name, second?.name].sort()).toEqual(['probe-traps', 'sound']);
    expect(drivers.candidates('log', FACTS).find(({ name }) => name === 'probe-traps')?.score).toBe(0);
  });
});

test('a driver that is no WebAssembly can’t be loaded', async () => {
  const sound = await brokenDriver({ name: 'junk' });
  const drivers = openDrivers({
    builtin: [{ ...sound, core: () => new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 99, 1, 1]) }],
    stateFor: () => new MemoryState(),
  });
  expect(failureOf(() => drivers.log('junk').open(REQUEST)).code).toBe('E_DRIVER_LOAD');
});

test('a driver that isn’t there is named, with those that are', async () => {
  const drivers = await open();
  const failure = failureOf(() => drivers.log('soud'));
  expect(failure.code).toBe('E_DRIVER_NOT_INSTALLED');
  expect(failure.hint).toContain('sound');
});
