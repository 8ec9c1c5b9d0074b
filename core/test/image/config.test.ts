import { expect, it } from 'vitest';
import { parseConfig } from '../../src/image/config.ts';

const document = (config: object): string =>
  JSON.stringify({ os: 'linux', architecture: 'amd64', config, rootfs: { type: 'layers', diff_ids: [] } });

it('keeps what an image says to those who run it, build on it and look at it, and nothing unknown', () => {
  const config = {
    User: 'app',
    StopSignal: 'SIGQUIT',
    Shell: ['/bin/bash', '-c'],
    OnBuild: ['RUN true'],
    Healthcheck: { Test: ['NONE'] },
  };
  expect(parseConfig('x', document({ ...config, Unknown: 1, Cmd: null }), 0).config).toEqual(config);
});

it.each([{ OnBuild: 'RUN true' }, { Env: [1] }, { Labels: { a: 1 } }])('refuses %j', (config) => {
  expect(() => parseConfig('x', document(config), 0)).toThrow(
    expect.objectContaining({ code: 'E_IMAGE_CONFIG', message: expect.stringContaining('wrong form') }),
  );
});
