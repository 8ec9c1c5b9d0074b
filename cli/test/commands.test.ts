import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS, type Resolved, resolveCommand, TOPICS } from '../src/commands.ts';
import { globalFlags } from '../src/flags/global.ts';
import { parseFlags } from '../src/flags/parse.ts';
import { commandHelp, rootHelp, topicHelp } from '../src/help.ts';

function failure(...words: string[]): Error & { hint?: string; exitCode?: number } {
  try {
    resolveCommand(words);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it was resolved');
}

describe('commands', () => {
  it('are found by their name and by their topic', () => {
    expect(resolveCommand(['run', '-it', 'x'])).toEqual({
      kind: 'command',
      id: 'run',
      called: 'run',
      argv: ['-it', 'x'],
    });
    expect(resolveCommand(['container', 'ls', '-a'])).toMatchObject({
      id: 'ps',
      called: 'container ls',
      argv: ['-a'],
    });
    expect(resolveCommand(['image', 'rm', 'x'])).toMatchObject({ id: 'rmi', argv: ['x'] });
    expect(resolveCommand(['image', '--help'])).toEqual({ kind: 'topic', topic: 'image' });
  });

  it('that are none get a suggestion and status 1', () => {
    expect(failure('rnu')).toMatchObject({ message: 'unknown command: wherry rnu', exitCode: 1 });
    expect(failure('rnu').hint).toContain("Did you mean 'wherry run'?");
    expect(failure('image', 'lss').hint).toContain("Did you mean 'wherry image ls'?");
    expect(failure('toString').message).toBe('unknown command: wherry toString');
    expect(failure('frobnicate').hint).toBe("See 'wherry --help'.");
  });

  it('of Docker that are not there say why, and what does their work', () => {
    expect(failure('build', '.')).toMatchObject({
      code: 'E_UNSUPPORTED_COMMAND',
      message: 'There is no "wherry build": images are not built here yet.',
      exitCode: 1,
    });
    expect(failure('image', 'build', '.').message).toContain('"wherry image build"');
    for (const word of [
      'compose',
      'buildx',
      'swarm',
      'service',
      'context',
      'manifest',
      'trust',
      'checkpoint',
      'scout',
    ])
      expect(failure(word, 'ls')).toMatchObject({
        code: 'E_UNSUPPORTED_COMMAND',
        hint: expect.stringMatching(/[.]$/),
      });
  });

  it('call themselves what they are called', async () => {
    for (const [id, load] of Object.entries(COMMANDS)) {
      const command = await load();
      expect(command.id).toBe(id);
      expect(command.summary).toMatch(/^[A-Z].+[^.]$/);
    }
    for (const { commands } of Object.values(TOPICS)) {
      for (const id of Object.values(commands)) expect(COMMANDS).toHaveProperty(id);
    }
  });

  it("have no flag twice and no short name twice, but run's -h", async () => {
    for (const load of Object.values(COMMANDS)) {
      const command = await load();
      const shorts = Object.values(command.flags).flatMap(({ char }) => char ?? []);
      expect(new Set(shorts).size).toBe(shorts.length);
    }
  });

  it('have examples that are theirs, with flags that they know', async () => {
    for (const [id, load] of Object.entries(COMMANDS)) {
      const { examples = [], flags, interspersed } = await load();
      expect(examples, id).not.toEqual([]);
      for (const example of examples) {
        const [program, ...words] =
          (typeof example === 'string' ? example : example.command).split(/ [|<>] /, 1)[0]?.split(' ') ?? [];
        expect(program).toBe('wherry');
        const { id: named, argv } = resolveCommand(words) as Extract<Resolved, { kind: 'command' }>;
        expect(named).toBe(id);
        parseFlags({ command: id, argv, flags: { ...flags, ...globalFlags }, interspersed });
      }
    }
  });

  it('help: usage, summary, other names, flags in order', async () => {
    const text = commandHelp(await (COMMANDS.stop ?? expect.fail())(), 'stop');
    expect(text).toBe(
      [
        'Usage:  wherry stop [OPTIONS] CONTAINER [CONTAINER...]',
        '',
        'Stop one or more running containers',
        '',
        'Aliases:',
        '  wherry container stop, wherry stop',
        '',
        'Options:',
        '  -s, --signal string   Signal to send to the container',
        '  -t, --timeout int     Seconds to wait before killing the container',
        '',
        'Examples:',
        '  wherry stop web',
        '  wherry stop -t 30 web db',
      ].join('\n'),
    );
    expect(commandHelp(await (COMMANDS.logout ?? expect.fail())(), 'logout')).toMatch(
      /\n\nExamples:\n {2}wherry logout ghcr\.io$/,
    );
    expect(await rootHelp()).toContain('  run          Create and run a new container from an image\n');
    const [, guide = ''] = /^The guide is (\S+),/m.exec(await rootHelp()) ?? [];
    expect(existsSync(guide), guide).toBe(true);
    expect(await topicHelp('image')).toContain('  ls        List images\n');
  });
});
