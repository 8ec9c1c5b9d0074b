import { describe, expect, it } from 'vitest';
import type { CreateRequest } from '../../src/api.ts';
import { effectiveCapabilities } from '../../src/capability/effective.ts';
import { mergeLabels, mergeSpec } from '../../src/container/merge.ts';
import { settleRequest } from '../../src/container/request.ts';
import { NO_NETWORKING } from '../../src/network/request.ts';

const context = {
  topLayer: 'sha256:aa',
  storageDriver: 'overlay',
  logDriver: 'json-file',
  mounts: [],
  network: 'none',
  networking: NO_NETWORKING,
};
const asked = (change: Partial<CreateRequest> = {}): CreateRequest =>
  settleRequest({ image: 'busybox', command: ['sh'], network: 'none', ...change });
const merge = (change: Partial<CreateRequest>, image = {}) => mergeSpec(asked(change), image, context);

describe('mergeSpec', () => {
  it('takes from the image what no flag says', () => {
    const image = {
      User: 'app:staff',
      WorkingDir: '/srv',
      StopSignal: 'SIGINT',
      Env: ['A=1'],
    };
    expect(merge({}, image)).toMatchObject({
      user: 'app:staff',
      workdir: '/srv',
      stopSignal: 2,
      env: ['A=1'],
    });
  });

  it('lets flags win', () => {
    const image = { User: 'app', WorkingDir: '/srv', StopSignal: 'SIGINT' };
    const flags = { user: '0', workdir: '/x', stopSignal: '9', stopTimeout: 3 };
    expect(merge(flags, image)).toMatchObject({ user: '0', workdir: '/x', stopSignal: 9, stopTimeout: 3 });
  });

  it('has defaults where neither says', () => {
    expect(merge({})).toMatchObject({
      user: '',
      workdir: '/',
      stopSignal: 15,
      stopTimeout: 10,
      security: { seccomp: 'default', noNewPrivileges: false },
    });
  });

  it('takes empty words of an image as not said', () => {
    expect(merge({}, { WorkingDir: '', StopSignal: '' })).toMatchObject({ workdir: '/', stopSignal: 15 });
  });

  it.each([
    [{ workdir: 'srv' }, 'E_WORKDIR'],
    [{ hostname: 'a b' }, 'E_HOSTNAME'],
    [{ hostname: 'x'.repeat(65) }, 'E_HOSTNAME'],
    [{ hostname: '-x' }, 'E_HOSTNAME'],
    [{ stopSignal: 'SIGNOPE' }, 'E_SIGNAL'],
  ])('refuses %o', (change, code) => {
    expect(() => merge(change)).toThrow(expect.objectContaining({ code }));
  });
});

it("adds the user's labels to the image's", () => {
  expect(mergeLabels(asked({ labels: { a: '2' } }), { Labels: { a: '1', b: '1' } })).toEqual({
    a: '2',
    b: '1',
  });
});

it('capabilities are kept in full, sorted, and once', () => {
  expect(
    effectiveCapabilities({ capAdd: ['net_admin', 'CAP_CHOWN', 'chown'], capDrop: ['mknod', 'all'] }),
  ).toEqual({ capAdd: ['CAP_CHOWN', 'CAP_NET_ADMIN'], capDrop: ['ALL'] });
});
