import * as Flags from '@oclif/core/flags';
import { describe, expect, it } from 'vitest';
import { containerFlags } from '../../src/flags/container.ts';
import { globalFlags } from '../../src/flags/global.ts';
import { parseFlags } from '../../src/flags/parse.ts';

const flags = { ...containerFlags, detach: Flags.boolean({ char: 'd' }), ...globalFlags };

function run(...argv: string[]) {
  return parseFlags({ command: 'run', argv, flags, interspersed: false });
}

function failure(work: () => unknown): Error & { hint?: string; exitCode?: number } {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

describe('flags, as Docker reads them', () => {
  it('end at the image: what follows is the command, in its order and with its repetitions', () => {
    const { flags: values, positionals } = run('--rm', 'busybox', 'ls', '-l', '--rm', 'ls', '--', '-x');
    expect(values.rm).toBe(true);
    expect(positionals).toEqual(['busybox', 'ls', '-l', '--rm', 'ls', '--', '-x']);
  });

  it('combine short ones, the last of which may take a value', () => {
    expect(run('-itd', 'x').flags).toMatchObject({ interactive: true, tty: true, detach: true });
    expect(run('-iteA=b', 'x').flags).toMatchObject({ interactive: true, tty: true, env: ['A=b'] });
    expect(run('-ite', 'A=b', 'x').flags.env).toEqual(['A=b']);
    expect(run('-e=A=b', 'x').flags.env).toEqual(['A=b']);
  });

  it('take a value after a space or an equals sign, empty or like a flag', () => {
    expect(run('--name=x', 'i').flags.name).toBe('x');
    expect(run('--name', 'x', 'i').flags.name).toBe('x');
    expect(run('--entrypoint=', 'i').flags.entrypoint).toBe('');
    expect(run('--entrypoint', '', 'i').flags.entrypoint).toBe('');
    expect(run('-e', '--rm', 'i')).toEqual(expect.objectContaining({ positionals: ['i'] }));
    expect(run('-e', '--rm', 'i').flags).toMatchObject({ env: ['--rm'], rm: false });
  });

  it('switch off with =false', () => {
    expect(run('--rm', '--rm=false', 'i').flags.rm).toBe(false);
    expect(run('-t=true', 'i').flags.tty).toBe(true);
  });

  it('collect when repeated, and otherwise the last one counts', () => {
    expect(run('-e', 'A=1', '--env', 'B=2', '--name', 'a', '--name', 'b', 'i').flags).toMatchObject({
      env: ['A=1', 'B=2'],
      name: 'b',
    });
  });

  it('know --net, and -h as the host name', () => {
    expect(run('--net', 'host', '-h', 'box', 'i').flags).toMatchObject({
      network: ['host'],
      hostname: 'box',
      help: false,
    });
  });

  it('may stand anywhere in other commands, and end at --', () => {
    const parsed = parseFlags({
      command: 'rm',
      argv: ['a', '-f', 'b', '--', '-c'],
      flags: { force: Flags.boolean({ char: 'f' }) },
      interspersed: true,
    });
    expect(parsed).toEqual({ flags: { force: true }, positionals: ['a', 'b', '-c'] });
  });

  it('hold whole numbers where they are numbers', () => {
    expect(run('--stop-timeout', '-1', 'i').flags['stop-timeout']).toBe(-1);
    expect(failure(() => run('--stop-timeout=x', 'i')).message).toBe(
      'invalid argument "x" for "--stop-timeout" flag: strconv.ParseInt: parsing "x": invalid syntax',
    );
  });

  it.each([
    [['--foo'], 'unknown flag: --foo'],
    [['-iz'], "unknown shorthand flag: 'z' in -iz"],
    [['--name'], 'flag needs an argument: --name'],
    [['-ie'], "flag needs an argument: 'e' in -ie"],
    [['--=x'], 'bad flag syntax: --=x'],
    [['--rm=x'], 'invalid argument "x" for "--rm" flag: strconv.ParseBool: parsing "x": invalid syntax'],
    [
      ['--blkio-weight', '-1'],
      'invalid argument "-1" for "--blkio-weight" flag: strconv.ParseUint: parsing "-1": invalid syntax',
    ],
    [
      ['--pids-limit', '99999999999999999999'],
      'invalid argument "99999999999999999999" for "--pids-limit" flag: strconv.ParseInt: parsing "99999999999999999999": value out of range',
    ],
  ])('refuse %j with status 125', (argv, sentence) => {
    const error = failure(() => run(...argv));
    expect(error.message).toBe(sentence);
    expect(error.exitCode).toBe(125);
    expect(error.hint).toContain("See 'wherry run --help'.");
  });

  it('suggest the one that was meant', () => {
    expect(failure(() => run('--entrypiont', 'sh', 'i')).hint).toContain('Did you mean --entrypoint?');
    expect(failure(() => run('--no-such-thing', 'always', 'i')).hint).not.toContain('Did you mean');
  });
});
