import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageOf } from '../support/broken-images.ts';
import { FaultyRegistry } from '../support/faulty-registry.ts';
import { type ImageStore, layer } from '../support/image-store.ts';
import { randomness } from '../support/random.ts';
import { tar } from '../support/tar.ts';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';

/** Commands that are killed, over both users; several at a time work on the same images. */
const KILLS = 200;
const AT_ONCE = 4;
const SEED = Number(process.env.WHERRY_TEST_SEED ?? Date.now() & 0x7fffffff);
const NAMES = ['a', 'b', 'c'] as const;

/**
 * Moments to kill commands at, so that about seven of ten are killed in the midst of their work however fast the
 * machine is at that time: what comes too late for one makes the next of its kind earlier, and the other way round.
 */
class Moments {
  readonly #spans = new Map<string, number>();
  readonly #first: number;

  /** `first`: how long a command takes, in ms. */
  constructor(first: number) {
    this.#first = first;
  }

  /** Milliseconds from its start, by a number from 0 to below 1. */
  of(kind: string, fraction: number): number {
    return fraction * this.#span(kind);
  }

  learn(kind: string, cut: boolean): void {
    this.#spans.set(kind, this.#span(kind) * (cut ? 1.15 : 0.7));
  }

  #span(kind: string): number {
    return this.#spans.get(kind) ?? this.#first;
  }
}

/** Three images: all have one layer, two of them another. Their content is new in every run, so that a push has to bring it. */
function images(seed: number): Readonly<Record<(typeof NAMES)[number], ImageStore>> {
  const files = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      name: `${name}/${index}`,
      body: `${seed} ${index}\n`.repeat(1 + (index % 100)),
    }));
  const base = layer(tar(files('base', 300)));
  const middle = layer(tar(files('middle', 100)));
  return {
    a: imageOf([files('a', 50)], [base, middle]),
    b: imageOf([files('b', 50)], [base, middle]),
    c: imageOf([files('c', 50)], [base]),
  };
}

describe.each(USER_NAMES)('kill -9 of what %s does with overlapping images', (name) => {
  let user: TestUser;
  let registry: FaultyRegistry;
  const here = (image: string) => `${registry.host}/${image}`;
  const there = (image: string) => `localhost:5000/kill-${image}:${name}`;
  const ok = async (...words: string[]): Promise<string> => {
    const result = await user.wherry(words, { timeoutMs: 300_000 });
    expect(result.exitCode, `seed ${SEED}: ${words.join(' ')}\n${result.stdout}${result.stderr}`).toBe(0);
    return result.stdout;
  };

  beforeAll(async () => {
    user = asUser(name);
    registry = await FaultyRegistry.start({ images: images(SEED + USER_NAMES.indexOf(name)) });
    for (const image of NAMES) await ok('pull', '-q', here(image));
    await ok('save', '-o', `${user.root}/all.tar`, ...NAMES.map(here));
  });
  afterAll(async () => {
    await user.cleanup();
    await registry.stop();
  });

  const command = (random: (below: number) => number): readonly string[] => {
    const image = NAMES[random(NAMES.length)] ?? 'a';
    const commands = [
      ['pull', '-q', here(image)],
      ['pull', '-q', here(image)],
      ['push', '-q', there(image)],
      ['load', '-q', '-i', `${user.root}/all.tar`],
      ['rmi', '-f', here(image), there(image)],
      ['rmi', '-f', here(image)],
      ['tag', here(image), there(image)],
      ['image', 'prune', '-f', '--cache'],
    ];
    return commands[random(commands.length)] ?? [];
  };

  it(`leaves the store consistent after each of ${KILLS / USER_NAMES.length} (seed ${SEED})`, {
    timeout: 900_000,
  }, async () => {
    const random = randomness(SEED + USER_NAMES.indexOf(name));
    const began = performance.now();
    await ok('pull', '-q', here('a'));
    const moments = new Moments(performance.now() - began);
    let cut = 0;
    for (let killed = 0; killed < KILLS / USER_NAMES.length; killed += AT_ONCE) {
      const words = Array.from({ length: AT_ONCE }, () => command(random));
      const ends = words.map(async (each) => {
        const [kind = ''] = each;
        const running = user.startWherry(each, { input: '', timeoutMs: 300_000 });
        await Promise.race([delay(moments.of(kind, random(1000) / 1000)), running.result]);
        running.killGroup('SIGKILL');
        const { exitCode } = await running.result;
        moments.learn(kind, exitCode === 137);
        return exitCode;
      });
      for (const status of await Promise.all(ends)) if (status === 137) cut += 1;
      const check = await user.wherry(['system', 'check', '--quick'], { timeoutMs: 300_000 });
      const tale = words.map((each) => each.join(' ')).join(' | ');
      expect(check.exitCode, `seed ${SEED}, after ${killed}: ${tale}\n${check.stdout}${check.stderr}`).toBe(
        0,
      );
    }
    // Otherwise the moments were chosen badly, and nothing has been shown.
    expect(cut, `of ${KILLS / USER_NAMES.length} commands`).toBeGreaterThan(KILLS / USER_NAMES.length / 4);
  });

  it('leaves what works, and nothing that stays', async () => {
    expect(await ok('system', 'check')).not.toContain('fault');
    for (const image of NAMES) await ok('pull', '-q', here(image));
    expect(await ok('system', 'check')).toContain('nothing is wrong');
    await ok('image', 'prune', '-af');
    expect(await ok('system', 'check')).toBe(
      '0 images, 0 blobs, 0 layers, 0 containers, 0 volumes: nothing is wrong.\n',
    );
    const files = user.leftovers().files;
    expect(files.filter((file) => /blobs\/sha256\/|\/tmp\/|storage\/[^/]+\/[^/]+/.test(file))).toEqual([]);
    // The holder of the user namespace; what writes to the disk in the background ends by itself.
    await expect.poll(() => user.processes().length, { timeout: 60_000 }).toBeLessThanOrEqual(1);
  });
});
