import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IdMap } from '../../src/layer/squash.ts';
import { TreeWorker } from '../../src/tree/worker.ts';

const SOURCES = path.join(import.meta.dirname, '../../../launcher/src');

/** A directory of its own with the worker's program in it; removed by `cleanup`. */
export interface Harness {
  readonly directory: string;
  readonly cleanup: () => void;
  /** A worker that is id 0 in a user namespace with one id. */
  readonly worker: (signal?: AbortSignal) => TreeWorker;
  /** A fresh empty directory. */
  readonly fresh: (name: string) => string;
}

/** How long `harness` may take on a busy machine, in ms. */
export const COMPILING = 300_000;

/** The ids of `worker`. */
export const SINGLE_ID: IdMap = {
  uids: [{ inside: 0, outside: 0, count: 1 }],
  gids: [{ inside: 0, outside: 0, count: 1 }],
};

/**
 * The worker is the launcher's own sources with a main of two lines, so that these tests need no built product. It runs
 * in a namespace made by unshare(1).
 */
export function harness(): Harness {
  const directory = mkdtempSync(path.join(tmpdir(), 'wherry-tree-'));
  const program = path.join(directory, 'worker');
  const main = path.join(directory, 'main.c');
  writeFileSync(
    main,
    '#include "tree.h"\nint main(int argc, char **argv) { return tree_main(argc, argv); }\n',
  );
  const sources = readdirSync(SOURCES).filter((name) => /^(tree\w*|util)\.c$/.test(name));
  execFileSync('cc', [
    ...[
      '-std=c17',
      '-D_GNU_SOURCE',
      '-O1',
      '-g',
      '-Wall',
      '-Wextra',
      '-Werror',
      ...sanitizers(),
      '-I',
      SOURCES,
      '-o',
      program,
      main,
    ],
    ...sources.map((name) => path.join(SOURCES, name)),
  ]);
  return {
    directory,
    cleanup: () => rmSync(directory, { recursive: true, force: true }),
    worker: (signal) =>
      new TreeWorker({ file: 'unshare', args: ['-Ur', program], env: workerEnv() }, { signal }),
    fresh: (name) => {
      const made = path.join(directory, name);
      mkdirSync(made);
      return made;
    },
  };
}

/** `WHERRY_TEST_SANITIZE=address,undefined` runs the same tests on an instrumented worker. */
function sanitizers(): string[] {
  const kinds = process.env.WHERRY_TEST_SANITIZE;
  return kinds === undefined ? [] : [`-fsanitize=${kinds}`, '-fno-sanitize-recover=all'];
}

function workerEnv(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', ASAN_OPTIONS: 'detect_leaks=1' };
}

/** Why the tests that write trees can't run here; undefined when they can. */
export function whyNot(): string | undefined {
  if (spawnSync('cc', ['--version']).status !== 0) return 'there is no C compiler';
  if (spawnSync('unshare', ['-Ur', 'true']).status !== 0) return 'user namespaces don’t work here';
  return undefined;
}
