import { describe, expect, it } from 'vitest';
import { changeConfig } from '../../src/image/config-change.ts';

const BEFORE = { Env: ['A=1', 'PATH=/bin'], WorkingDir: '/srv', Labels: { a: 'b' } };

describe('an instruction', () => {
  it.each([
    ['CMD ["a", "b c"]', { Cmd: ['a', 'b c'] }],
    ['cmd echo "x"', { Cmd: ['/bin/sh', '-c', 'echo "x"'] }],
    ['ENTRYPOINT ["/x"]', { Entrypoint: ['/x'] }],
    ['ENV A=2 B="two words"', { Env: ['A=2', 'PATH=/bin', 'B=two words'] }],
    ['ENV C all of it', { Env: ['A=1', 'PATH=/bin', 'C=all of it'] }],
    ['LABEL c=d', { Labels: { a: 'b', c: 'd' } }],
    ['EXPOSE 80 53/udp', { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }],
    ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }],
    ['VOLUME ["/a b"]', { Volumes: { '/a b': {} } }],
    ['WORKDIR sub', { WorkingDir: '/srv/sub' }],
    ['WORKDIR /top', { WorkingDir: '/top' }],
    ['USER 1:2', { User: '1:2' }],
    ['STOPSIGNAL SIGINT', { StopSignal: 'SIGINT' }],
    [
      'HEALTHCHECK --interval=5m --timeout=1.5s --start-period=2s --start-interval=1s --retries=4 CMD a b',
      {
        Healthcheck: {
          Test: ['CMD-SHELL', 'a b'],
          Interval: 300e9,
          Timeout: 1.5e9,
          StartPeriod: 2e9,
          StartInterval: 1e9,
          Retries: 4,
        },
      },
    ],
    ['HEALTHCHECK CMD ["a", "b c"]', { Healthcheck: { Test: ['CMD', 'a', 'b c'] } }],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    ['ONBUILD RUN true', { OnBuild: ['RUN true'] }],
  ])('%s changes the configuration', (line, changed) => {
    expect(changeConfig(BEFORE, line)).toEqual({ ...BEFORE, ...changed });
  });

  it.each(['RUN true', '', 'ENV =x', 'EXPOSE many', 'LABEL a="b', 'USER a b', 'HEALTHCHECK true'])(
    '%j is refused',
    (line) => {
      expect(() => changeConfig({}, line)).toThrow(expect.objectContaining({ code: 'E_CHANGE' }));
    },
  );
});
