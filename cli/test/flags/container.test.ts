import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ContainerFlags, containerFlags, createRequest } from '../../src/flags/container.ts';
import { parseEnvironmentFile } from '../../src/flags/environment.ts';
import { parseFlags } from '../../src/flags/parse.ts';

const caller = { env: { HOME: '/home/me', EMPTY: '' }, directory: '/work/dir' };

function request(...argv: string[]) {
  const { flags, positionals } = parseFlags({
    command: 'run',
    argv,
    flags: containerFlags,
    interspersed: false,
  });
  return createRequest(flags as ContainerFlags, positionals, caller);
}

describe('the request of run and create', () => {
  it('is the image, the command and nothing that was not asked for', () => {
    expect(request('busybox', 'ls', '-l')).toEqual({
      image: 'busybox',
      command: ['ls', '-l'],
      interactive: false,
      tty: false,
      autoRemove: false,
      readOnly: false,
      privileged: false,
      init: false,
      env: [],
      labels: {},
      logOpts: {},
      mounts: [],
      volumesFrom: [],
      network: '',
      networking: expect.any(Object),
      options: {},
      capAdd: [],
      capDrop: [],
      securityOpt: [],
      pull: 'missing',
      attach: { stdin: false, stdout: true, stderr: true },
    });
  });

  it('takes variables from files, then flags, then the caller', () => {
    const file = path.join(fs.mkdtempSync(path.join(tmpdir(), 'wherry-env-')), 'env');
    fs.writeFileSync(file, '# comment\n\nA=1\nQ="kept"\nHOME\nNOT_THERE\n');
    const { env } = request('-e', 'A=2', '-e', 'EMPTY', '-e', 'GONE', '--env-file', file, 'i');
    fs.rmSync(path.dirname(file), { recursive: true });
    expect(env).toEqual(['A=1', 'Q="kept"', 'HOME=/home/me', 'A=2', 'EMPTY=']);
  });

  it.each([[''], ['=x']])('refuses the variable %j', (word) => {
    expect(() => request('-e', word, 'i')).toThrow('invalid environment variable');
  });

  it('refuses a file of variables that is none', () => {
    expect(() => parseEnvironmentFile('A B=c', 'f')).toThrow("variable 'A B' contains whitespaces");
    expect(() => request('--env-file', '/nonexistent', 'i')).toThrow(
      'open /nonexistent: no such file or directory',
    );
  });

  it('takes volumes in their order, relative ones from the directory of the caller', () => {
    expect(request('-v', './a:/b:ro', '-v', 'data:/c', 'i').mounts).toMatchObject([
      { kind: 'bind', source: '/work/dir/a', target: '/b', readOnly: true },
      { kind: 'volume', name: 'data', target: '/c', readOnly: false },
    ]);
    expect(() => request('-v', '/a:b', 'i')).toThrow();
  });

  it('reads labels and log options', () => {
    expect(request('-l', 'a=b=c', '-l', 'bare', '--log-opt', 'max-size=1m', 'i')).toMatchObject({
      labels: { a: 'b=c', bare: '' },
      logOpts: { 'max-size': '1m' },
    });
    expect(() => request('--log-opt', 'max-size', 'i')).toThrow('invalid logging option');
  });
});
