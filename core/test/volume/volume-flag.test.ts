import { describe, expect, it } from 'vitest';
import { parseVolumeFlag, parseVolumesFrom } from '../../src/volume/volume-flag.ts';

const parse = (spec: string) => parseVolumeFlag(spec, '/home/u/project');

describe('parseVolumeFlag', () => {
  it.each([
    ['/srv//a/:/a', { kind: 'bind', source: '/srv/a/', target: '/a', readOnly: false, createSource: true }],
    ['/srv:/a/:ro', { kind: 'bind', source: '/srv', target: '/a', readOnly: true, propagation: 'rprivate' }],
    ['.:/work', { kind: 'bind', source: '/home/u/project', target: '/work' }],
    ['../b:/b:rw,rslave', { kind: 'bind', source: '/home/u/b', readOnly: false, propagation: 'rslave' }],
    ['./f.txt:/f:ro,Z,U', { kind: 'bind', source: '/home/u/project/f.txt', readOnly: true, chown: true }],
    ['data:/opt/data', { kind: 'volume', name: 'data', target: '/opt/data', copyUp: true, yields: false }],
    ['data:/opt/data:nocopy,ro', { kind: 'volume', name: 'data', copyUp: false, readOnly: true }],
    ['data:/d:z', { kind: 'volume', name: 'data', mode: 'z', readOnly: false }],
    ['/data', { kind: 'volume', name: undefined, target: '/data', yields: true, copyUp: true }],
    ['/a/../data/', { kind: 'volume', target: '/data' }],
  ])('reads %s', (spec, expected) => {
    expect(parse(spec)).toMatchObject(expected);
  });

  it.each<[string, string, string | RegExp, number?]>([
    ['', 'E_VOLUME_INVALID', 'invalid empty volume spec', 125],
    [':/a', 'E_VOLUME_INVALID', 'invalid spec: :/a: empty section between colons', 125],
    [':', 'E_VOLUME_INVALID', "invalid volume specification: ':'"],
    ['/a:/b:ro:x', 'E_VOLUME_INVALID', "invalid volume specification: '/a:/b:ro:x'"],
    ['/data:ro', 'E_VOLUME_INVALID', "invalid volume specification: '/data:ro'"],
    ['/a:', 'E_VOLUME_INVALID', 'invalid spec: /a:: empty section between colons', 125],
    ['/a:b', 'E_MOUNT_TARGET', 'Invalid mount "/a:b": the target "b" must be an absolute path.'],
    ['data', 'E_MOUNT_TARGET', 'Invalid mount "data": the target "data" must be an absolute path.'],
    ['/a:/', 'E_MOUNT_TARGET', "Invalid mount \"/a:/\": the target can't be '/'."],
    ['/', 'E_MOUNT_TARGET', "Invalid mount \"/\": the target can't be '/'."],
    ['/a:/b/..', 'E_MOUNT_TARGET', "Invalid mount \"/a:/b/..\": the target can't be '/'."],
    ['/a:/proc/1', 'E_MOUNT_TARGET', /can't be mounted over/],
    ['/a:/b:bogus', 'E_VOLUME_MODE', /^invalid mode: bogus$/],
    ['/a:/b:ro,rw', 'E_VOLUME_MODE', /^invalid mode: ro,rw$/],
    ['/a:/b:ro,ro', 'E_VOLUME_MODE', /^invalid mode: ro,ro$/],
    ['/a:/b:nocopy', 'E_VOLUME_MODE', /nothing is copied/],
    ['data:/b:rslave', 'E_VOLUME_MODE', /propagation is for directories of the host/],
    ['a/b:/c', 'E_VOLUME_NAME', /^"a\/b" includes invalid characters for a local volume name/],
    ['~/d:/c', 'E_VOLUME_NAME', /^"~\/d" includes/],
    ['x:/c', 'E_VOLUME_NAME', /"x" is too short/],
    [`${'n'.repeat(256)}:/c`, 'E_VOLUME_NAME', /is too long: 256 characters/],
  ])('refuses %j in one sentence', (spec, code, message, exitCode = 1) => {
    const error = thrownBy(() => parse(spec));
    expect(error).toMatchObject({ code, exitCode });
    expect((error as Error).message).toMatch(message);
  });

  it('says for a tilde what the shell left undone', () => {
    expect(thrownBy(() => parse('~/d:/c'))).toMatchObject({ hint: expect.stringContaining('$HOME') });
  });
});

describe('parseVolumesFrom', () => {
  it.each([
    ['c1', { container: 'c1', readOnly: false }],
    ['c1:ro', { container: 'c1', readOnly: true }],
    ['c1:rw', { container: 'c1', readOnly: false }],
    ['c1:ro,z', { container: 'c1', readOnly: true }],
  ])('reads %s', (spec, expected) => {
    expect(parseVolumesFrom(spec)).toEqual(expected);
  });

  it.each([
    ['', 'E_VOLUMES_FROM'],
    [':ro', 'E_VOLUMES_FROM'],
    ['c1:rslave', 'E_VOLUME_MODE'],
    ['c1:nocopy', 'E_VOLUME_MODE'],
    ['c1:x', 'E_VOLUME_MODE'],
    ['c1:ro:x', 'E_VOLUME_MODE'],
  ])('refuses %j', (spec, code) => {
    expect(thrownBy(() => parseVolumesFrom(spec))).toMatchObject({ code, exitCode: 1 });
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
