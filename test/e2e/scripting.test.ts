import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { REGISTRY } from '../machine/registry.ts';
import { asUser, INSTALL_DIRECTORY, USER_NAMES } from '../support/user.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/scripting.md'), 'utf8');
const program = /^```js\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '';

it.each(USER_NAMES)('the program of docs/scripting.md runs as %s', async (name) => {
  await using user = asUser(name);
  const installed = path.join(user.home, INSTALL_DIRECTORY);
  const node = path.join(installed, `node_modules/node-linux-${process.arch}/bin/node`);
  const run = async (image: string) => {
    const file = path.join(installed, `example-${process.pid}.mjs`);
    writeFileSync(file, program.replace("'busybox'", `'${image}'`));
    return user.run(node, [file]);
  };
  expect(await run(`${REGISTRY}/busybox`)).toMatchObject({
    stdout: 'stdout: hello\nexit status 3\n',
    stderr: '',
    exitCode: 0,
  });
  expect((await user.wherry(['ps', '-aq'])).stdout).toBe('');
  const failed = await run(`${REGISTRY}/nosuch`);
  expect(failed.stderr).toMatch(/^E_\w+: .+\n.+\n$/);
  expect(failed.exitCode).toBe(1);
});
