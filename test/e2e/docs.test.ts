import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser } from '../support/user.ts';

const root = path.join(import.meta.dirname, '../..');
const pages = [
  'README.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Command lines of the ```console blocks, a block at a time: what follows `$ `, with lines that end in a backslash joined. */
function blocks(page: string): string[][] {
  const text = readFileSync(path.join(root, page), 'utf8');
  return [...text.matchAll(/^```console\n([\s\S]*?)^```/gm)].map((match) =>
    (match[1] ?? '')
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line.startsWith('$ '))
      .map((line) => line.slice(2)),
  );
}

/** The images of the documents by the registry of the test machine. */
function local(line: string): string {
  return line.replaceAll(/(?<=\s|source=)(busybox|debian)(?=[\s:,]|$)/g, 'localhost:5000/$1');
}

describe.each(pages.filter((page) => blocks(page).length > 0))('%s', (page) => {
  let user: TestUser;
  let directory: string;
  beforeAll(async () => {
    user = asUser('wuser');
    directory = path.join(user.root, 'documents');
    await user.run('mkdir', [directory]);
  });
  afterAll(() => user.cleanup());

  it.each(blocks(page).map((lines, index) => [index + 1, lines] as const))('block %i', async (_, lines) => {
    for (const line of lines) {
      // A command line that is meant to fail says so: `# exits with N` behind it.
      const expected = Number(/# exits with (\d+)$/.exec(line)?.[1] ?? 0);
      const result = await user.run('sh', ['-c', local(line)], {
        cwd: directory,
        env: { PATH: `${path.dirname(user.program)}:/usr/local/bin:/usr/bin:/bin` },
        timeoutMs: 120_000,
      });
      expect(result.exitCode, `$ ${line}\n${result.stdout}${result.stderr}`).toBe(expected);
      // What a template names that isn't there.
      expect(result.stdout, `$ ${line}`).not.toContain('<no value>');
    }
  });
});
