import { describe, expect, it } from 'vitest';
import { type MergeRequest, mergeMounts } from '../../src/volume/merge.ts';
import { parseMountFlag } from '../../src/volume/mount-flag.ts';
import { parseTmpfsFlag } from '../../src/volume/tmpfs.ts';
import { parseVolumeFlag } from '../../src/volume/volume-flag.ts';

function merge(volumes: readonly string[], more: Partial<MergeRequest> = {}) {
  let count = 0;
  return mergeMounts({
    asked: volumes.map((spec) => parseVolumeFlag(spec, '/home/u')),
    imageVolumes: [],
    inherited: [],
    newName: () => `new${++count}`,
    resolveImage: () => ({ imageId: 'sha256:1', topLayer: 'sha256:2' }),
    ...more,
  });
}

const shape = ({ mounts }: ReturnType<typeof merge>) =>
  mounts.map((each) => [each.target, each.kind === 'volume' ? each.name : each.kind]);

describe('mergeMounts', () => {
  it("makes an anonymous volume for each of the image's that nothing covers", () => {
    const merged = merge(['/srv:/data/'], { imageVolumes: ['/data', '/db/'] });
    expect(shape(merged)).toEqual([
      ['/data', 'bind'],
      ['/db', 'new1'],
    ]);
    expect(merged.volumes).toEqual([{ name: 'new1', anonymous: true, labels: {}, options: {} }]);
  });

  it('lets -v /path give way to a mount there, and counts it once', () => {
    expect(shape(merge(['/data', 'v1:/data', '/data', '/other', '/other']))).toEqual([
      ['/data', 'v1'],
      ['/other', 'new1'],
    ]);
  });

  it('mounts what lies below after what it lies in, whatever the order of the flags', () => {
    const merged = merge(['/x:/a/b/c', '/y:/a', '/z:/b'], { imageVolumes: ['/a/b'] });
    expect(merged.mounts.map(({ target }) => target)).toEqual(['/a', '/b', '/a/b', '/a/b/c']);
  });

  it('covers a VOLUME of the image by a tmpfs', () => {
    const merged = merge([], { asked: [parseTmpfsFlag('/data')], imageVolumes: ['/data'] });
    expect(shape(merged)).toEqual([['/data', 'tmpfs']]);
    expect(merged.volumes).toEqual([]);
  });

  it.each([[['/x:/a', '/y:/a/']], [['/x:/a', 'v1:/b/../a']]])('refuses %j: one target twice', (volumes) => {
    expect(() => merge(volumes)).toThrow('Duplicate mount point: /a');
  });

  it('refuses one target of -v, --mount and --tmpfs', () => {
    const bind = parseVolumeFlag('/x:/a', '/');
    expect(() => merge([], { asked: [bind, parseTmpfsFlag('/a')] })).toThrow('Duplicate mount point: /a');
    const volume = parseMountFlag('target=/a', '/');
    expect(() => merge([], { asked: [bind, volume] })).toThrow('Duplicate mount point: /a');
  });

  it('names the volume of a --mount without a source, with its labels and options', () => {
    const asked = [parseMountFlag('type=volume,dst=/a,volume-label=k=v,volume-opt=type=tmpfs', '/')];
    expect(merge([], { asked }).volumes).toEqual([
      { name: 'new1', anonymous: true, labels: { k: 'v' }, options: { type: 'tmpfs' } },
    ]);
  });

  it('knows the image of an image mount', () => {
    const asked = [parseMountFlag('type=image,source=busybox,target=/i', '/')];
    expect(merge([], { asked }).mounts[0]).toMatchObject({
      reference: 'busybox',
      imageId: 'sha256:1',
      topLayer: 'sha256:2',
      readOnly: true,
    });
  });
});

describe('--volumes-from', () => {
  const source = merge(['/dbdata', 'named:/n', '/host:/h:ro']);

  it('takes volumes and directories, without filling them again', () => {
    const merged = merge([], { inherited: [{ mounts: source.mounts, readOnly: false }] });
    expect(shape(merged)).toEqual(shape(source));
    expect(merged.mounts.filter((each) => each.kind === 'volume').map(({ copyUp }) => copyUp)).toEqual([
      false,
      false,
    ]);
    expect(merged.mounts.find(({ target }) => target === '/h')?.readOnly).toBe(true);
    expect(merged.volumes.map(({ name, anonymous }) => [name, anonymous])).toEqual([
      ['named', false],
      ['new1', true],
    ]);
  });

  it('makes all read-only with :ro', () => {
    const merged = merge([], { inherited: [{ mounts: source.mounts, readOnly: true }] });
    expect(merged.mounts.every(({ readOnly }) => readOnly)).toBe(true);
  });

  it('is overridden by -v and by the container named last, and keeps VOLUMEs of the image away', () => {
    const other = merge(['other:/n']);
    const merged = merge(['mine:/h'], {
      inherited: [
        { mounts: source.mounts, readOnly: false },
        { mounts: other.mounts, readOnly: false },
      ],
      imageVolumes: ['/dbdata'],
    });
    expect(shape(merged).sort()).toEqual([
      ['/dbdata', 'new1'],
      ['/h', 'mine'],
      ['/n', 'other'],
    ]);
    // A volume that is mounted nowhere isn't kept from being removed.
    expect(merged.volumes.map(({ name }) => name).sort()).toEqual(['mine', 'new1', 'other']);
  });

  it('leaves a tmpfs with its container', () => {
    const tmpfs = merge([], { asked: [parseMountFlag('type=tmpfs,dst=/t', '/')] });
    expect(merge([], { inherited: [{ mounts: tmpfs.mounts, readOnly: false }] }).mounts).toEqual([]);
  });
});
