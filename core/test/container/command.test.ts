import { describe, expect, it } from 'vitest';
import { argumentVector, commandText, mergeCommand } from '../../src/container/command.ts';

const image = { Entrypoint: ['/entry'], Cmd: ['default', 'words'] };

describe('mergeCommand', () => {
  it.each([
    ['the image alone', { command: [] }, ['/entry', 'default', 'words']],
    ['arguments replace the command', { command: ['a'] }, ['/entry', 'a']],
    ['an entrypoint puts both aside', { entrypoint: '/x', command: [] }, ['/x']],
    ['an entrypoint with arguments', { entrypoint: '/x', command: ['a'] }, ['/x', 'a']],
    ['an empty entrypoint leaves the arguments', { entrypoint: '', command: ['a'] }, ['a']],
  ])('%s', (_title, asked, words) => {
    expect(argumentVector(mergeCommand(asked, image))).toEqual(words);
  });

  it.each([
    ['an image with neither', { command: [] }, {}],
    ['an empty entrypoint, as the image command goes with it', { entrypoint: '', command: [] }, image],
    ['null as old images have it', { command: [] }, { Entrypoint: null, Cmd: null }],
  ])('refuses %s', (_title, asked, config) => {
    expect(() => mergeCommand(asked, config)).toThrow(
      expect.objectContaining({ code: 'E_NO_COMMAND', exitCode: 1 }),
    );
  });
});

describe('commandText', () => {
  it('quotes arguments with a space, and only those', () => {
    expect(commandText({ entrypoint: ['sh'], cmd: ['-c', 'echo hi', 'x'] })).toBe("sh -c 'echo hi' x");
  });
});
