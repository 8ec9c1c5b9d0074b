import { describe, expect, it } from 'vitest';
import { checkPropagation } from '../../src/volume/propagation.ts';

const MOUNTS = [
  '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '40 22 0:30 / /private rw - tmpfs tmpfs rw',
  '41 22 0:31 / /slave rw master:7 - tmpfs tmpfs rw',
  '42 22 0:32 / /with\\040space rw shared:9 master:7 - tmpfs tmpfs rw',
  '43 22 0:33 / /twice rw shared:10 - tmpfs tmpfs rw',
  '44 43 0:34 / /twice rw - tmpfs tmpfs rw',
  '',
].join('\n');

const check = (path: string, propagation: Parameters<typeof checkPropagation>[2]) => () =>
  checkPropagation(path, path, propagation, MOUNTS);

describe('checkPropagation', () => {
  it.each([
    ['/private', 'rprivate'],
    ['/', 'rshared'],
    ['/privateer', 'shared'],
    ['/srv/data', 'rslave'],
    ['/slave/x', 'slave'],
    ['/with space/x', 'rshared'],
  ] as const)('%s can be %s', (path, propagation) => {
    expect(check(path, propagation)).not.toThrow();
  });

  it.each([
    [
      '/private/x',
      'rslave',
      'The path /private/x is mounted on /private but it is not a shared or slave mount.',
    ],
    ['/slave', 'rshared', 'The path /slave is mounted on /slave but it is not a shared mount.'],
    ['/twice/x', 'shared', 'The path /twice/x is mounted on /twice but it is not a shared mount.'],
  ] as const)('%s can not be %s', (path, propagation, sentence) => {
    expect(check(path, propagation)).toThrow(sentence);
  });
});
