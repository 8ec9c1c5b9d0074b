import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { REGISTRY } from '../machine/registry.ts';
import { asUser, type TestUser } from '../support/user.ts';

const root = path.join(import.meta.dirname, '../..');
const BUSYBOX = `${REGISTRY}/busybox`;
let user: TestUser;
let directory: string;

/** The driver of docs/drivers.md, built as that page says. */
function buildDocumented(): string {
  const page = readFileSync(path.join(root, 'docs/drivers.md'), 'utf8');
  writeFileSync(path.join(directory, 'my-log.ts'), /^```ts\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '');
  execFileSync('node', [path.join(root, 'scripts/build-driver.ts'), 'log', 'my-log.ts'], { cwd: directory });
  return path.join(directory, 'my-log.wasm');
}

/** A stranger's driver that needs no compiler: one of ours, with another name of the same length. */
function rename(ours: string, own: string, name: string): string {
  const component = readFileSync(path.join(root, `dist/drivers/${ours}/driver.wasm`)).toString('latin1');
  const text = (word: string): string => Buffer.from(word, 'utf16le').toString('latin1');
  // In the module's data a string stands behind its length in bytes.
  const stored = (word: string): string => `${String.fromCharCode(word.length * 2)}\0\0\0${text(word)}`;
  const file = path.join(directory, `${name}.wasm`);
  writeFileSync(file, component.replaceAll(stored(own), stored(name)), 'latin1');
  return file;
}

const wherry = async (...args: string[]) => {
  const result = await user.wherry(args, { timeoutMs: 120_000 });
  return { ...result, said: result.stdout.trim() };
};

beforeEach(() => {
  user = asUser('wuser');
  directory = mkdtempSync(path.join(tmpdir(), 'wherry-driver-'));
  chmodSync(directory, 0o755);
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await user.cleanup();
});

it('drivers of strangers are installed, used by name, kept while they are needed, and removed', async () => {
  const files = [buildDocumented(), rename('net-none', 'none', 'nyet'), rename('storage-vfs', 'vfs', 'vfz')];
  for (const file of files) {
    expect(await wherry('plugin', 'install', file)).toMatchObject({ stderr: '', exitCode: 0 });
  }
  expect((await wherry('plugin', 'ls', '-q')).said).toBe('my-log\nnyet\nvfz');
  expect((await wherry('info', '-f', '{{.Driver}}')).said).toMatch(/^(overlay|vfs)$/);

  const flags = ['--log-driver', 'my-log', '--storage-driver', 'vfz', '--network', 'apart'];
  expect(await wherry('network', 'create', '-d', 'nyet', 'apart')).toMatchObject({ exitCode: 0 });
  const run = await wherry('run', '--name', 'guest', ...flags, BUSYBOX, 'echo', 'from a stranger');
  expect(run).toMatchObject({ said: 'from a stranger', exitCode: 0 });
  expect((await wherry('logs', 'guest')).said).toBe('from a stranger');

  const refused = await wherry('plugin', 'rm', 'my-log', 'nyet', 'vfz');
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('the container guest needs it');
  expect(refused.stderr).toContain('the network apart needs it');
  await wherry('rm', 'guest');
  await wherry('network', 'rm', 'apart');
  await wherry('rmi', '-f', BUSYBOX);
  expect(await wherry('plugin', 'rm', 'my-log', 'nyet', 'vfz')).toMatchObject({
    exitCode: 0,
  });
  expect((await wherry('plugin', 'ls', '-q')).said).toBe('');
  expect((await wherry('run', '--log-driver', 'my-log', BUSYBOX)).exitCode).toBe(125);
});

it('a driver that asks for more is shown what for, and gets nothing without a yes', async () => {
  const file = rename('log-syslog', 'syslog', 'tattle');
  const script = await wherry('plugin', 'install', file);
  expect(script.exitCode).toBe(1);
  expect(script.stdout).toContain('requesting the following privileges:\n - connect: [*]\n');
  expect(script.stderr).toContain('--grant-all-permissions');
  const command = user.startWherry(['plugin', 'install', file], { terminal: true });
  await command.waitFor(/\[y\/N\]/);
  command.write('y\n');
  expect((await command.result).exitCode).toBe(0);
  const found = await wherry('plugin', 'inspect', '-f', '{{json .Permissions}}', 'tattle');
  expect(found.said).toBe('["connect: [*]"]');
});

it('what is no driver is refused', async () => {
  for (const [file, words] of [
    ['/etc/passwd', /passwd can't be used as a driver: it is no WebAssembly\.\n/],
    ['/nonexistent.wasm', /can't be read/],
    [path.join(root, 'dist/drivers/log-none/driver.wasm'), /A log driver named none comes with Wherry\./],
  ] as const) {
    const { stderr, exitCode } = await wherry('plugin', 'install', file);
    expect(stderr).toMatch(words);
    expect(exitCode).toBe(1);
  }
});
