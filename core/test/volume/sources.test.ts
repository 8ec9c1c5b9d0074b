import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mount } from '../../src/volume/mount.ts';
import { parseMountFlag } from '../../src/volume/mount-flag.ts';
import { checkSources, makeSources } from '../../src/volume/sources.ts';
import { parseVolumeFlag } from '../../src/volume/volume-flag.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-sources-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const maps = { uids: [], gids: [] };
const request = (mount: Mount, options = {}) => ({ mounts: [mount], maps, optionsOf: () => options });
const flag = (path: string) => request(parseVolumeFlag(`${directory}/${path}:/x`, '/') as Mount);
const mount = (path: string) =>
  request(parseMountFlag(`type=bind,src=${directory}/${path},dst=/x`, '/') as Mount);

describe('checkSources', () => {
  it('takes directories, files, and links to them', () => {
    writeFileSync(join(directory, 'f'), '');
    symlinkSync('f', join(directory, 'link'));
    for (const path of ['', 'f', 'link']) {
      checkSources(flag(path));
      checkSources(mount(path));
    }
  });

  it('takes a missing one from -v and not from --mount, and makes neither', () => {
    checkSources(flag('a/b'));
    expect(() => checkSources(mount('a/b'))).toThrow(`bind source path does not exist: ${directory}/a/b`);
    expect(existsSync(join(directory, 'a'))).toBe(false);
  });

  it('takes none that can not be made', () => {
    writeFileSync(join(directory, 'f'), '');
    expect(() => checkSources(flag('f/x'))).toThrow("isn't there and can't be made");
  });

  it('takes no FIFO and no socket', async () => {
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    expect(() => checkSources(flag('fifo'))).toThrow(
      'is a FIFO, and only files and directories can be mounted.',
    );
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(directory, 'socket'), resolve));
    expect(() => checkSources(mount('socket'))).toThrow('is a socket');
    await new Promise((resolve) => server.close(resolve));
  });

  it('takes no links in a circle', () => {
    symlinkSync('b', join(directory, 'a'));
    symlinkSync('a', join(directory, 'b'));
    expect(() => checkSources(flag('a'))).toThrow('its links lead in a circle');
  });

  it('looks at the directory of the host that a volume stands for', () => {
    const volume: Mount = {
      kind: 'volume',
      name: 'vv',
      anonymous: false,
      target: '/x',
      readOnly: false,
      copyUp: true,
      chown: false,
      mode: '',
    };
    const options = { type: 'none', o: 'bind', device: join(directory, 'gone') };
    expect(() => checkSources(request(volume, options))).toThrow('bind source path does not exist');
    checkSources(request(volume, { ...options, device: directory }));
  });
});

it('makeSources makes what -v names with its parents', () => {
  makeSources(flag('a/b/c'));
  expect(existsSync(join(directory, 'a/b/c'))).toBe(true);
  makeSources(mount('d'));
  expect(existsSync(join(directory, 'd'))).toBe(false);
});

describe('for containers whose root is an id of nobody', () => {
  const ofNobody = (request: Parameters<typeof checkSources>[0]) => ({
    ...request,
    mappedRoot: { uid: 2004877312, gid: 2004877312 },
  });

  it('takes what anybody may read, and refuses the rest', () => {
    chmodSync(directory, 0o755);
    for (const [name, mode] of [
      ['open', 0o755],
      ['closed', 0o750],
    ] as const) {
      mkdirSync(join(directory, name));
      chmodSync(join(directory, name), mode);
      mkdirSync(join(directory, name, 'below'), { mode: 0o755 });
    }
    checkSources(ofNobody(flag('open')));
    checkSources(ofNobody(flag('open/below')));
    for (const path of ['closed', 'closed/below', 'closed/new']) {
      expect(() => checkSources(ofNobody(flag(path))), path).toThrow(`to whom ${directory}/closed is closed`);
    }
    writeFileSync(join(directory, 'secret'), '', { mode: 0o640 });
    expect(() => checkSources(ofNobody(flag('secret')))).toThrow("secret can't be read");
  });

  it('takes what belongs to their ids, whatever its mode', () => {
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, 'own'), { mode: 0o700 });
    const { uid, gid } = statSync(directory);
    const map = (id: number) => [{ inside: 0, outside: id, count: 1 }];
    checkSources({ ...ofNobody(flag('own')), maps: { uids: map(uid), gids: map(gid) } });
  });
});
