import { describe, expect, it } from 'vitest';
import { parseTmpfsFlag } from '../../src/volume/tmpfs.ts';

describe('parseTmpfsFlag', () => {
  it('is open to all and holds neither programs nor devices, unless told otherwise', () => {
    expect(parseTmpfsFlag('/run')).toEqual({
      kind: 'tmpfs',
      target: '/run',
      byFlag: true,
      words: '',
      readOnly: false,
      options: ['mode=1777'],
      flags: ['nosuid', 'nodev', 'noexec'],
    });
  });

  it('lets later options win', () => {
    expect(parseTmpfsFlag('/run:rw,exec,size=65536k,mode=700,size=1g')).toMatchObject({
      options: ['mode=700', 'size=1g'],
      flags: ['nosuid', 'nodev'],
    });
  });

  it.each(['/run:bogus', '/run:size=', '/run:size=big', '/run:mode=99', '/run:ro=1', '/run:uid=root'])(
    'refuses %s',
    (spec) => {
      expect(() => parseTmpfsFlag(spec)).toThrow(
        expect.objectContaining({ code: 'E_TMPFS_OPTION', exitCode: 1 }),
      );
    },
  );

  it.each(['/', 'run', ''])('refuses the target %j', (spec) => {
    expect(() => parseTmpfsFlag(spec)).toThrow(expect.objectContaining({ code: 'E_MOUNT_TARGET' }));
  });
});
