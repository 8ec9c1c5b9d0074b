import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bashCompletion } from '../../src/completion/bash.ts';
import { fishCompletion } from '../../src/completion/fish.ts';
import { completionModel } from '../../src/completion/model.ts';
import { zshCompletion } from '../../src/completion/zsh.ts';

let directory = '';

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(tmpdir(), 'wherry-completion-'));
  fs.writeFileSync(path.join(directory, 'completion'), bashCompletion(await completionModel()));
  // In the place of wherry: one container that runs, one that ended, one image.
  const lists = `#!/bin/sh\ncase "$*" in *images*) echo busybox:latest ;; network*) echo lab ;; *-a*) echo web; echo old ;; *) echo web ;; esac\n`;
  fs.writeFileSync(path.join(directory, 'wherry'), lists, { mode: 0o755 });
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

/** What bash offers for a command line whose last word is being typed. */
function complete(...words: string[]): string[] {
  const script =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
    'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _wherry; printf "%s\\n" "${COMPREPLY[@]}"';
  const output = execFileSync(
    'bash',
    ['-c', script, path.join(directory, 'completion'), 'wherry', ...words],
    {
      encoding: 'utf8',
      cwd: directory,
      env: { ...process.env, PATH: `${directory}:${process.env.PATH}` },
    },
  );
  return output.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  it('offers commands and topics', () => {
    expect(complete('ru')).toEqual(['run']);
    expect(complete('im')).toEqual(['image', 'images', 'import']);
    expect(complete('container', 'st')).toEqual(['start', 'stats', 'stop']);
  });

  it('offers flags of the command, also under its other name', () => {
    expect(complete('run', '--ent')).toEqual(['--entrypoint']);
    expect(complete('container', 'run', '--ent')).toEqual(['--entrypoint']);
    expect(complete('stop', '--ti')).toEqual(['--timeout']);
  });

  it('offers the values that a flag may have', () => {
    expect(complete('run', '--pull', '')).toEqual(['always', 'missing', 'never']);
    expect(complete('--log-level', 'de')).toEqual(['debug']);
    expect(complete('run', '--restart', 'on')).toEqual(['on-failure']);
    expect(complete('kill', '--signal', 'U')).toEqual(['USR1', 'USR2']);
    expect(complete('run', '--network', '')).toEqual(['lab']);
    expect(complete('create', '--volumes-from', 'o')).toEqual(['old']);
  });

  it('asks wherry for containers and images', () => {
    expect(complete('rm', '')).toEqual(['web', 'old']);
    expect(complete('rm', 'web', '')).toEqual(['web', 'old']);
    expect(complete('stop', '')).toEqual(['web']);
    expect(complete('network', 'rm', '')).toEqual(['lab']);
    expect(complete('rmi', 'b')).toEqual(['busybox:latest']);
    expect(complete('run', '--name', 'x', '-it', 'b')).toEqual(['busybox:latest']);
  });

  it('offers files behind the image, where the command begins', () => {
    expect(complete('run', 'busybox', 'compl')).toEqual(['completion']);
  });
});

/** What fish offers, without descriptions. */
function completeInFish(line: string): string[] {
  const script = 'source completion.fish; complete -C "$LINE"';
  const env = { PATH: `${directory}:/usr/bin:/bin`, HOME: directory, LINE: line };
  const output = execFileSync('fish', ['--no-config', '-c', script], {
    cwd: directory,
    encoding: 'utf8',
    env,
  });
  return output.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0] ?? '']));
}

const fishIsHere = fs.existsSync('/usr/bin/fish');

describe.skipIf(!fishIsHere)(`completion by fish${fishIsHere ? '' : ' (fish is not installed)'}`, () => {
  it('offers commands, flags and names at their places', async () => {
    fs.writeFileSync(path.join(directory, 'completion.fish'), fishCompletion(await completionModel()));
    expect(completeInFish('wherry ru')).toEqual(['run']);
    expect(completeInFish('wherry network cr')).toEqual(['create']);
    expect(completeInFish('wherry network create --subn')).toEqual(['--subnet']);
    expect(completeInFish('wherry completion ')).toEqual(['bash', 'fish', 'zsh']);
    expect(completeInFish('wherry stop ')).toEqual(['web']);
  });
});

describe('completion in zsh and fish', () => {
  it('names every command and flag', async () => {
    const model = await completionModel();
    const zsh = zshCompletion(model);
    const fish = fishCompletion(model);
    for (const { words, flags } of model.commands) {
      expect(zsh).toContain(`'${words}') _arguments`);
      for (const { long } of flags) {
        expect(zsh).toContain(`--${long}`);
        expect(fish).toContain(`'__wherry_at ${words}' -l ${long}`);
      }
    }
    // One specification each, however many words there are to choose from: _arguments takes no two for one place.
    expect(zsh).toContain("'*: :(bash zsh fish)'");
    expect(zsh).toMatch(/'stop'\) .* '\*: :\{compadd -- \$\(wherry [^)]*\)\}'/);
  });
});
