import { describe, expect, it } from 'vitest';
import type { Mount, VolumeMount } from '../../src/volume/mount.ts';
import { parseMountFlag } from '../../src/volume/mount-flag.ts';
import { type MountPlaces, mountOperations } from '../../src/volume/operations.ts';
import { parseVolumeFlag } from '../../src/volume/volume-flag.ts';

const places: MountPlaces = {
  volume: (name) => `/v/${name}/_data`,
  optionsOf: () => ({}),
  image: ({ target }) => ({ op: 'overlay', target, options: [], lower: ['/a', '/b'] }),
  fill: true,
  owner: { uid: 7, gid: 8 },
};
const data: VolumeMount = {
  kind: 'volume',
  name: 'data',
  anonymous: false,
  target: '/d',
  readOnly: false,
  copyUp: true,
  chown: false,
  mode: 'z',
};
const bind = (spec: string) => parseVolumeFlag(spec, '/') as Mount;

describe('mountOperations', () => {
  it('fills a volume from its target, and binds it', () => {
    expect(mountOperations([data], places)).toEqual({
      fill: [{ op: 'copy-up', source: '/d', volume: '/v/data' }],
      mounts: [
        {
          op: 'bind',
          source: '/v/data/_data',
          target: '/d',
          recursive: true,
          flags: [],
          propagation: 'rprivate',
        },
      ],
    });
  });

  it.each<[string, Partial<VolumeMount>, Partial<MountPlaces>]>([
    ['nocopy', { copyUp: false }, {}],
    ['a part of it', { subpath: 'x' }, {}],
    ['a container that has run', {}, { fill: false }],
    ['memory', {}, { optionsOf: () => ({ type: 'tmpfs', device: 'tmpfs' }) }],
    ['a directory of the host', {}, { optionsOf: () => ({ type: 'none', device: '/srv', o: 'bind' }) }],
  ])('does not fill it: %s', (_, change, place) => {
    expect(mountOperations([{ ...data, ...change }], { ...places, ...place }).fill).toEqual([]);
  });

  it('gives files to the user with U, after they were filled, and only where there are several ids', () => {
    const mounts = [{ ...data, chown: true }, bind('/srv:/s:U')];
    expect(mountOperations(mounts, places).fill).toEqual([
      { op: 'copy-up', source: '/d', volume: '/v/data' },
      { op: 'give', path: '/v/data/_data', uid: 7, gid: 8 },
      { op: 'give', path: '/srv', uid: 7, gid: 8 },
    ]);
    const alone = mountOperations(mounts, { ...places, owner: undefined });
    expect(alone.fill.map(({ op }) => op)).toEqual(['copy-up']);
  });

  it('gives a new volume that is not filled to a root that is not the user', () => {
    const nocopy = { ...data, copyUp: false };
    const newOwner = { uid: 2049, gid: 2049 };
    const filled = (change: Partial<MountPlaces>) => mountOperations([nocopy], { ...places, ...change }).fill;
    const given = [{ op: 'give', path: '/v/data/_data', ...newOwner }];
    expect(filled({ newOwner, isEmpty: () => true })).toEqual(given);
    expect(filled({ newOwner, isEmpty: () => false })).toEqual([]);
    expect(filled({ newOwner, isEmpty: () => true, fill: false })).toEqual([]);
    expect(filled({ isEmpty: () => true })).toEqual([]);
  });

  it('keeps to what flags and the options of the volume say', () => {
    const optionsOf = () => ({ type: 'none', device: '/srv', o: 'rbind,ro' });
    const [operation] = mountOperations([data], { ...places, optionsOf }).mounts;
    expect(operation).toMatchObject({ source: '/srv', recursive: true, flags: ['readonly'] });
    const tmpfs = mountOperations(
      [parseMountFlag('type=tmpfs,dst=/t,ro,tmpfs-size=1m', '/') as Mount],
      places,
    );
    expect(tmpfs.mounts[0]).toMatchObject({ op: 'mount', options: ['mode=1777', 'size=1048576'] });
    expect(tmpfs.mounts[0]).toMatchObject({ flags: expect.arrayContaining(['readonly', 'noexec']) });
    const shared = mountOperations([bind('/srv:/s:ro,rslave')], places).mounts[0];
    expect(shared).toMatchObject({ propagation: 'rslave', flags: ['readonly'] });
  });

  it('binds a part of a volume by its path inside', () => {
    expect(mountOperations([{ ...data, subpath: 'a/b' }], places).mounts[0]).toMatchObject({
      source: '/v/data/_data',
      subpath: 'a/b',
    });
  });
});
