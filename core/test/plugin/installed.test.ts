import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentEmbed, componentNew, parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { witSource } from '../../../plugins/sdk-assemblyscript/src/index.ts';
import { answering } from '../../../test/contract/broken.ts';
import type { ContainerContext } from '../../src/container/context.ts';
import { CONTAINER_SCHEMA } from '../../src/container/schema.ts';
import { IMAGE_SCHEMA } from '../../src/image/schema.ts';
import { NETWORK_SCHEMA } from '../../src/network/schema.ts';
import { driverCore } from '../../src/plugin/component.ts';
import { openDrivers } from '../../src/plugin/drivers.ts';
import { examineDriver } from '../../src/plugin/examine.ts';
import { PluginService } from '../../src/plugin/installed.ts';
import { SCHEMA } from '../../src/plugin/schema.ts';
import { typeAt } from '../../src/plugin/schema-types.ts';
import { MemoryState } from '../../src/plugin/state.ts';
import { openStore, type Store } from '../../src/store/store.ts';

interface Draft {
  /** Name, version and summary. */
  readonly texts?: readonly [string, string, string];
  readonly says?: 'storage' | 'network' | 'log';
  readonly permissions?: readonly [count: number, address: number];
  readonly describe?: string;
  readonly fields?: string;
  readonly encoding?: 'utf8' | 'utf16' | 'compact-utf16';
}

/** A log driver in WebAssembly text as a language with UTF-8 strings makes it; it calls the host, so it comes with adapters. */
async function component(draft: Draft = {}): Promise<Uint8Array> {
  const { texts = ['mine', '1.0.0', 'A test.'], says = 'log', permissions = [0, 0] } = draft;
  const { id, functions } = SCHEMA.interfaces.log;
  const places = texts.map((text, index) => [4096 + 512 * index, Buffer.byteLength(text)] as const);
  const data = texts.map((text, index) => {
    const bytes = [...Buffer.from(text)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
    return `(data (i32.const ${4096 + 512 * index}) "${bytes}")`;
  });
  const kinds = ['storage', 'network', 'log'];
  const [[name, nameSize] = [0, 0], [version, versionSize] = [0, 0], [summary, summarySize] = [0, 0]] =
    places;
  const described = answering(
    ...[name, nameSize, kinds.indexOf(says), version, versionSize, summary, summarySize],
    ...[permissions[1], permissions[0], 0, 0],
  );
  const exported = Object.values(functions).map((fn) => {
    const flat = fn.params.reduce((sum, param) => sum + typeAt(SCHEMA, param.type).flat, 0);
    const params = Array.from({ length: flat > 16 ? 1 : flat }, () => 'i32').join(' ');
    const body = fn.name === 'describe' ? (draft.describe ?? described) : 'i32.const 1024';
    return `(func (export "${id}#${fn.name}") (param ${params}) (result i32) ${body})`;
  });
  const core = await parse(`(module ${draft.fields ?? ''}
    (import "${SCHEMA.interfaces.host.id}" "state-get" (func (param i32 i32 i32)))
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      global.get $top
      (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 15)) (i32.const -16))))
    (data (i32.const 2048) "\\03")
    ${data.join('\n')}
    ${exported.join('\n')})`);
  const embedded = await componentEmbed({
    binary: core,
    witSource: witSource(join(import.meta.dirname, '../../../wit')),
    world: 'log-driver',
    stringEncoding: draft.encoding ?? 'utf8',
  });
  return componentNew(embedded, []);
}

const plain = { texts: ['mine', '1.0.0', 'A test.'] } as const;

describe('a component', () => {
  it('of a language with UTF-8 strings is taken out of its adapters, and understood', async () => {
    const bytes = await component({ texts: ['mine', '1.2.3-rc.1', 'Größe \u{1F433}'] });
    expect(driverCore(bytes)).toMatchObject({ kind: 'log', encoding: 'utf8' });
    const { manifest } = examineDriver(bytes, 'mine.wasm');
    expect(manifest.info).toMatchObject({ name: 'mine', kind: 'log', summary: 'Größe \u{1F433}' });
  });

  it.each<[string, Draft, string, RegExp]>([
    [
      'that lies about its kind',
      { ...plain, says: 'storage' },
      'E_DRIVER_LOAD',
      /says that it is a storage driver/,
    ],
    [
      'with a name that climbs',
      { texts: ['../x', '1.0.0', ''] },
      'E_DRIVER_LOAD',
      /its name "\.\.\/x" isn't/,
    ],
    ['without a version', { texts: ['mine', '', ''] }, 'E_DRIVER_LOAD', /its version "" isn't/],
    [
      'that writes to the terminal',
      { texts: ['mine', '1.0.0', '\u001b[2J'] },
      'E_DRIVER_LOAD',
      /can't be shown/,
    ],
    [
      'that loops when it is asked',
      { describe: '(loop (br 0)) unreachable' },
      'E_DRIVER_TIMEOUT',
      /mine\.wasm/,
    ],
    ['that breaks down', { describe: 'unreachable' }, 'E_DRIVER_TRAP', /mine\.wasm broke down in describe/],
    [
      'that asks for nothing that could be named',
      { ...plain, permissions: [1, 3072] },
      'E_DRIVER_LOAD',
      /asks for host-path of something that there can't be/,
    ],
    [
      'whose strings are compact',
      { ...plain, encoding: 'compact-utf16' },
      'E_DRIVER_LOAD',
      /neither UTF-8 nor UTF-16/,
    ],
  ])('%s is refused', async (_, draft, code, words) => {
    const bytes = await component(draft);
    const examine = () => examineDriver(bytes, 'mine.wasm');
    expect(examine).toThrow(expect.objectContaining({ code, message: expect.stringMatching(words) }));
  });

  it('is not what a core module, another component or a text is', async () => {
    const core = await parse('(module)');
    const empty = await parse('(component)');
    const linked = await parse(
      `(component (core module (import "env" "memory" (memory 1)) (func (export "${SCHEMA.interfaces.log.id}#open"))))`,
    );
    const cut = (await component(plain)).subarray(0, 500);
    for (const [bytes, words] of [
      [Buffer.from('text'), /is no WebAssembly/],
      [core, /is a core module/],
      [empty, /exports no interface of wherry:driver/],
      [linked, /linked of 1 core modules .* takes memory from env/],
      [cut, /ends early/],
    ] as const)
      expect(() => examineDriver(bytes, 'x.wasm')).toThrow(
        expect.objectContaining({ message: expect.stringMatching(words) }),
      );
  });
});

describe('plugins', () => {
  let root: string;
  let store: Store;
  let plugins: PluginService;
  let mine: Uint8Array;
  beforeAll(async () => {
    mine = await component(plain);
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'wherry-plugins-'));
    store = openStore({ root, env: {}, uid: process.geteuid?.() ?? 0 }, [
      IMAGE_SCHEMA,
      CONTAINER_SCHEMA,
      NETWORK_SCHEMA,
    ]);
    plugins = new PluginService({ store } as ContainerContext);
  });
  afterEach(() => {
    store.database.close();
    rmSync(root, { recursive: true });
  });
  const request = (bytes = mine, granted = false) => ({
    component: bytes,
    source: 'mine.wasm',
    grant: () => granted,
  });
  const drivers = () =>
    openDrivers({ builtin: [], directories: [join(root, 'plugins')], stateFor: () => new MemoryState() });

  it('are installed, listed, used, and removed with their state', async () => {
    const { digest } = await plugins.install(request());
    expect(await plugins.list()).toMatchObject([{ digest, info: { name: 'mine', kind: 'log' } }]);
    expect(await plugins.find('log/mine')).toMatchObject({ digest });
    expect(drivers().log('mine').describe().value).toMatchObject({ summary: 'A test.' });
    store.driverState('log', 'mine').apply(new Map([['key', 'value']]));
    await plugins.remove('mine');
    expect(store.driverState('log', 'mine').get('key')).toBeUndefined();
    expect(await plugins.list()).toEqual([]);
    expect(readdirSync(join(root, 'plugins'))).toEqual([]);
  });

  it('are installed once, and not without what they ask for', async () => {
    // One permission, of the fourth case: host-network.
    const greedy = await component({ ...plain, permissions: [1, 2048] });
    await expect(plugins.install(request(greedy))).rejects.toMatchObject({ code: 'E_PLUGIN_REFUSED' });
    expect(await plugins.list()).toEqual([]);
    await plugins.install(request(greedy, true));
    await plugins.remove('mine');
    await plugins.install(request());
    await expect(plugins.install(request())).rejects.toMatchObject({ code: 'E_PLUGIN_EXISTS' });
    await expect(plugins.find('none')).rejects.toMatchObject({ code: 'E_PLUGIN_NOT_FOUND' });
  });

  it('are kept while a container needs them', async () => {
    await plugins.install(request());
    store.database.run(
      `INSERT INTO container (id, name, image, image_id, storage_driver, command, created, state, auto_remove, labels, spec)
       VALUES ('i', 'web', '', '', 'overlay', '', '', 'created', 0, '{}', '{"logDriver":"mine"}')`,
    );
    await expect(plugins.remove('mine')).rejects.toMatchObject({
      code: 'E_PLUGIN_IN_USE',
      message: expect.stringContaining('container web'),
    });
    expect(await plugins.list()).toHaveLength(1);
  });

  it('that are damaged get in nobody’s way', async () => {
    await plugins.install(request());
    writeFileSync(join(root, 'plugins/log-mine/manifest.json'), '{');
    expect(drivers().list()).toEqual([]);
    expect(await plugins.list()).toEqual([]);
  });
});
