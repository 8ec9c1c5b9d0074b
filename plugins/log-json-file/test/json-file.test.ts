import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OpenRequest, Sink } from '../../../core/src/plugin/contract.ts';
import type { LogDriver } from '../../../core/src/plugin/drivers.ts';
import { openNative } from '../../../test/contract/native.ts';
import { FACTS } from '../../../test/contract/subject.ts';

const source: object = await import(join(import.meta.dirname, '../src/index.ts'));
const { driver } = openNative<LogDriver>(source);
const ID = '0123456789abcdef'.repeat(4);

function request(options: Readonly<Record<string, string>>): OpenRequest {
  return {
    container: ID,
    containerName: 'web',
    image: 'registry.example/app:1',
    imageId: `sha256:${'fe'.repeat(32)}`,
    command: 'sh -c true',
    labels: [
      { key: 'tier', value: 'front' },
      { key: 'team', value: 'a' },
    ],
    env: [
      { key: 'PATH', value: '/bin' },
      { key: 'STAGE', value: 'test' },
    ],
    facts: FACTS,
    options: Object.entries(options).map(([key, value]) => ({ key, value })),
  };
}

function fileOf(options: Readonly<Record<string, string>>): Extract<Sink, { tag: 'file' }>['val'] {
  const sink = driver.open(request(options)).value;
  if (sink.tag !== 'file') throw new Error(sink.tag);
  return sink.val;
}

test('without options the log is one file that is never rotated', () => {
  expect(fileOf({})).toEqual({
    at: { root: 'container', path: `${ID}-json.log` },
    framing: 'docker-json',
    maxSize: '0',
    maxFiles: 1,
    compress: false,
    attributes: [],
  });
});

describe('max-size is a number of bytes, by thousands as in Docker', () => {
  test.each([
    ['10m', '10000000'],
    ['1k', '1000'],
    ['1.5g', '1500000000'],
    ['512', '512'],
    ['7b', '7'],
    ['2MB', '2000000'],
    ['3 kib', '3000'],
    ['-1', '0'],
    ['0', '0'],
    ['1t', '1000000000000'],
  ])('%s is %s', (given, bytes) => {
    expect(fileOf({ 'max-size': given }).maxSize).toBe(bytes);
  });
});

describe('options that make no sense are refused with what to do', () => {
  test.each<[Record<string, string>, string]>([
    [{ 'max-file': '0' }, 'max-file'],
    [{ 'max-file': '1001' }, 'max-file'],
    [{ 'max-size': '9999999999p' }, 'max-size'],
    [{ compress: 'true' }, 'compress'],
    [{ compress: 'true', 'max-file': '3' }, 'compress'],
    [{ compress: 'true', 'max-size': '1m' }, 'compress'],
    [{ tag: '{{.Nme}}' }, '{{.Nme}}'],
    [{ tag: '{{.ID' }, 'tag'],
  ])('%j', (options, says) => {
    expect(() => driver.open(request(options))).toThrowError(
      expect.objectContaining({ code: 'E_DRIVER_INVALID', message: expect.stringContaining(says) }),
    );
  });
});

test('chosen labels, variables and the tag are carried by each line', () => {
  expect(
    fileOf({ labels: 'tier, none', env: 'STAGE', tag: '{{.Name}}/{{ .ID }}@{{.ImageID}} {{.ImageName}}!' })
      .attributes,
  ).toEqual([
    { key: 'tier', value: 'front' },
    { key: 'STAGE', value: 'test' },
    { key: 'tag', value: 'web/0123456789ab@fefefefefefe registry.example/app:1!' },
  ]);
});

test('the files are read from the oldest on', () => {
  const reading = driver.read(request({ 'max-size': '1m', 'max-file': '3', compress: 'true' })).value;
  const path = `${ID}-json.log`;
  expect(reading).toEqual({
    tag: 'files',
    val: {
      framing: 'docker-json',
      files: [`${path}.2.gz`, `${path}.2`, `${path}.1.gz`, `${path}.1`, path].map((name) => ({
        root: 'container',
        path: name,
      })),
    },
  });
});
