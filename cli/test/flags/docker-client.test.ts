import { expect, it } from 'vitest';
import { dockerClientFlags, refuseDaemonFlags } from '../../src/flags/docker-client.ts';
import { parseFlags } from '../../src/flags/parse.ts';

const refused = (...argv: string[]) => {
  const { flags } = parseFlags({ command: '', argv, flags: dockerClientFlags, interspersed: false });
  return () => refuseDaemonFlags(flags);
};

it('refuses by name what is about a daemon', () => {
  expect(refused('-H', 'tcp://x:1', 'ps')).toThrow(/^--host can't be had: there is no daemon/);
  expect(refused('--context=far', 'ps')).toThrow(/^--context /);
  expect(refused('--tlsverify', 'ps')).toThrow(/^--tlsverify /);
  expect(refused('--config', '/x', 'ps')).toThrow(/^--config /);
});

it('takes what means the same here, or asks for nothing', () => {
  expect(refused('-D', 'ps')).not.toThrow();
  expect(refused('--tls=false', 'ps')).not.toThrow();
});
