import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { REGISTRY } from '../machine/registry.ts';
import { asUser, homeOf, INSTALL_DIRECTORY, USER_NAMES } from '../support/user.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/scripting.md'), 'utf8');
const [program = '', flags = ''] = [...page.matchAll(/^```js\n([\s\S]*?)^```/gm)].map((match) => match[1]);

it.each(USER_NAMES)('the program of docs/scripting.md runs as %s', async (name) => {
  await using user = asUser(name);
  const installed = path.join(user.home, INSTALL_DIRECTORY);
  const node = path.join(installed, `node_modules/node-linux-${process.arch}/bin/node`);
  const run = async (image: string, text = program) => {
    const file = path.join(installed, `example-${process.pid}.mjs`);
    writeFileSync(file, text.replace("'busybox'", `'${image}'`));
    return user.run(node, [file]);
  };
  expect(await run(`${REGISTRY}/busybox`)).toMatchObject({
    stdout: 'stdout: hello\nexit status 3\n',
    stderr: '',
    exitCode: 0,
  });
  const flagged = await run(`${REGISTRY}/busybox`, `${flags}\nconsole.log(events.includes('start'));`);
  expect(flagged, flagged.stderr).toMatchObject({ stdout: 'hello\ntrue\n', exitCode: 0 });
  expect((await user.wherry(['ps', '-aq'])).stdout).toBe('');
  expect((await user.wherry(['volume', 'ls', '-q'])).stdout).toBe('');
  const failed = await run(`${REGISTRY}/nosuch`);
  expect(failed.stderr).toMatch(/^E_\w+: .+\n.+\n$/);
  expect(failed.exitCode).toBe(1);
});

it.each([
  ['node16', 'node16'],
  ['bundler', 'esnext'],
])('the types are whole for a strict program with the module resolution %s', (resolution, module) => {
  const installed = path.join(homeOf('wuser'), INSTALL_DIRECTORY, 'node_modules/wherry');
  const modules = path.join(import.meta.dirname, '../../node_modules');
  const consumer = mkdtempSync(path.join(tmpdir(), 'wherry-consumer-'));
  try {
    mkdirSync(path.join(consumer, 'node_modules/@types'), { recursive: true });
    symlinkSync(installed, path.join(consumer, 'node_modules/wherry'));
    symlinkSync(path.join(modules, '@types/node'), path.join(consumer, 'node_modules/@types/node'));
    writeFileSync(path.join(consumer, 'package.json'), '{"type":"module"}');
    writeFileSync(path.join(consumer, 'program.ts'), program);
    writeFileSync(path.join(consumer, 'flags.ts'), flags);
    const settings = ['--noEmit', '--strict', '--target', 'es2024', '--types', 'node'];
    const kind = ['--module', module, '--moduleResolution', resolution];
    const tsc = path.join(modules, '.bin/tsc');
    const { status, stdout } = spawnSync(tsc, [...settings, ...kind, 'program.ts', 'flags.ts'], {
      cwd: consumer,
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  } finally {
    rmSync(consumer, { recursive: true });
  }
});
