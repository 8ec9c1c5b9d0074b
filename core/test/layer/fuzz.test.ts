import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEATURE_LAYERS } from '../../../test/fixtures/features.ts';
import { mutateTar } from '../../../test/support/mutate.ts';
import { randomness } from '../../../test/support/random.ts';
import { tar } from '../../../test/support/tar.ts';
import { WherryError } from '../../src/errors/error.ts';
import { applyLayer } from '../../src/layer/apply.ts';
import type { TreeWorker } from '../../src/tree/worker.ts';
import { COMPILING, type Harness, harness, SINGLE_ID, whyNot } from '../tree/harness.ts';

const reason = whyNot();
const ROUNDS = Number(process.env.WHERRY_TEST_FUZZ ?? 300);

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
    timeout: 300_000 + ROUNDS * 100,
  }, async () => {
    const random = randomness(0x5eed);
    const archives = FEATURE_LAYERS.map((entries) =>
      tar(entries.filter(({ name }) => !String(name).includes('zeros'))),
    );
    let refused = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const archive = mutateTar(archives[random(archives.length)] ?? Buffer.alloc(0), random);
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
