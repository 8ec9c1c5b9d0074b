import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { liveUserFiles } from '../../src/container/live-user-files.ts';

describe('/etc/passwd and /etc/group of a container that runs', () => {
  let root: string;
  const path = (name: string): string => join(root, name);
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'wherry-live-'));
    mkdirSync(path('etc'));
    writeFileSync(path('etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
    writeFileSync(path('etc/group'), 'root:x:0:\n');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('are read as they are', () => {
    expect(liveUserFiles(root)).toEqual({ passwd: 'root:x:0:0::/root:/bin/sh\n', group: 'root:x:0:\n' });
  });

  test('are empty where there are none', () => {
    rmSync(path('etc/group'));
    expect(liveUserFiles(root)).toMatchObject({ group: '' });
  });

  test('are left to the worker behind a link, which may lead out of the root', () => {
    renameSync(path('etc/passwd'), path('etc/real'));
    symlinkSync('real', path('etc/passwd'));
    expect(liveUserFiles(root)).toBeUndefined();
    rmSync(path('etc'), { recursive: true });
    symlinkSync('/etc', path('etc'));
    expect(liveUserFiles(root)).toBeUndefined();
  });

  test('are left to the worker when they are no files', () => {
    rmSync(path('etc/passwd'));
    execFileSync('mkfifo', [path('etc/passwd')]);
    expect(liveUserFiles(root)).toBeUndefined();
    rmSync(path('etc'), { recursive: true });
    expect(liveUserFiles(root)).toBeUndefined();
  });
});
