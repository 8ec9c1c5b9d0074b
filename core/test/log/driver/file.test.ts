import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DriverLogFile, driverLogNames } from '../../../src/log/driver/file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wherry-driver-file-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const read = (name: string): string => readFileSync(join(directory, name), 'utf8');

test('files are rotated between lines, and the oldest goes', () => {
  const file = new DriverLogFile(directory, 4);
  for (let number = 1; number <= 9; number += 1) file.append(Buffer.from(`l${number}\n\n`));
  file.close();
  expect(driverLogNames().map(read)).toEqual([5, 6, 7, 8, 9].map((number) => `l${number}\n\n`));
  expect(readdirSync(directory)).toHaveLength(5);
});

test('half a line stays with its end, over a process that was killed, too', () => {
  const first = new DriverLogFile(directory, 4);
  first.append(Buffer.from('one\ntw'));
  first.close();
  const second = new DriverLogFile(directory, 4);
  second.append(Buffer.from('o\n'));
  second.append(Buffer.from('three\n'));
  second.close();
  expect([read('driver.log.1'), read('driver.log')]).toEqual(['one\ntwo\n', 'three\n']);
});

test('what stands in a file already counts', () => {
  appendFileSync(join(directory, 'driver.log'), 'long enough\n');
  const file = new DriverLogFile(directory, 4);
  file.append(Buffer.from('x\n'));
  file.close();
  expect([read('driver.log.1'), read('driver.log')]).toEqual(['long enough\n', 'x\n']);
});
