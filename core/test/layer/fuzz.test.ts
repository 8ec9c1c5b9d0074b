import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEATURE_LAYERS } from '../../../test/fixtures/features.ts';
import { tar } from '../../../test/support/tar.ts';
import { WherryError } from '../../src/errors/error.ts';
import { applyLayer } from '../../src/layer/apply.ts';
import type { TreeWorker } from '../../src/tree/worker.ts';
import { COMPILING, type Harness, harness, SINGLE_ID, whyNot } from '../tree/harness.ts';

const reason = whyNot();
const ROUNDS = Number(process.env.WHERRY_TEST_FUZZ ?? 150);

/** xorshift32: the same mutations in every run. */
function randomness(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const SNIPPETS = [
  '../',
  '/',
  '.wh.',
  '.wh..wh..opq',
  '\0',
  '\xff',
  '777777777777',
  '9'.repeat(12),
  '5',
  'x',
  'g',
  'L',
  '-1',
];

/** Changes a few bytes; as often as not in a header whose checksum is then put right, so that more than it is tried. */
function mutate(archive: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(archive);
  for (let times = random(6) + 1; times > 0; times -= 1) {
    const header = random(copy.length >> 9) << 9;
    const at = header + random(512);
    if (random(2) === 0) copy[at] = random(256);
    else copy.write(SNIPPETS[random(SNIPPETS.length)] ?? '', at, 'latin1');
    if (random(4) > 0) reseal(copy.subarray(header, header + 512));
  }
  return random(5) === 0 ? copy.subarray(0, random(copy.length)) : copy;
}

function reseal(header: Buffer): void {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

describe.skipIf(reason !== undefined)(`damaged archives${reason === undefined ? '' : ` (${reason})`}`, () => {
  let at: Harness;
  let worker: TreeWorker;
  beforeAll(() => {
    at = harness();
    worker = at.worker();
  }, COMPILING);
  afterAll(async () => {
    await worker.close();
    at.cleanup();
  });

  it(`never crash the worker, hang, or write outside (${ROUNDS} of them)`, {
    timeout: 60_000 + ROUNDS * 100,
  }, async () => {
    const random = randomness(0x5eed);
    const archives = FEATURE_LAYERS.map((entries) =>
      tar(entries.filter(({ name }) => !String(name).includes('zeros'))),
    );
    let refused = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const archive = mutate(archives[random(archives.length)] ?? Buffer.alloc(0), random);
      const target = at.fresh('tree');
      const size = random(4096) + 1;
      async function* source(): AsyncGenerator<Uint8Array> {
        for (let from = 0; from < archive.length; from += size) yield archive.subarray(from, from + size);
      }
      const limits = { maxSize: 1 << 28 };
      const style = random(2) === 0 ? 'overlay' : 'apply';
      const ownersFile = path.join(at.directory, 'tree.owners');
      try {
        await applyLayer({ source: source(), worker, target, style, idMap: SINGLE_ID, ownersFile, limits });
      } catch (error) {
        refused += 1;
        expect(error, `round ${round}`).toBeInstanceOf(WherryError);
        expect(error).not.toMatchObject({ code: 'E_TREE_WORKER' });
      }
      await worker.remove(target);
      await worker.remove(ownersFile);
      expect(readdirSync(at.directory).sort(), `round ${round}`).toEqual(['main.c', 'worker']);
    }
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(ROUNDS);
  });
});
