import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownersOf } from '../../src/image/owner-records.ts';
import type { LayerWriter } from '../../src/tree/layer-writer.ts';
import { COMPILING, type Harness, harness, whyNot } from '../tree/harness.ts';

const reason = whyNot();
const plain = (mode: number) => ({ mode, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } });

describe.skipIf(reason !== undefined)(`owner records${reason === undefined ? '' : ` (${reason})`}`, () => {
  let at: Harness;
  let count = 0;
  beforeAll(() => {
    at = harness();
  }, COMPILING);
  afterAll(() => at.cleanup());

  /** Layers from the bottom up, with the record of an owner for each path; the last one is the container's own. */
  async function recorded(layers: readonly { records: string[]; write: (layer: LayerWriter) => void }[]) {
    await using worker = at.worker();
    const trees: string[] = [];
    for (const { records, write } of layers) {
      const tree = join(at.fresh(`layer-${count++}`), 'diff');
      mkdirSync(tree);
      const layer = worker.apply(tree, 'overlay');
      write(layer);
      await layer.end();
      const lines = records.map((path) => `${JSON.stringify({ path, uid: 0, gid: 8, mode: 0o640 })}\n`);
      if (lines.length > 0) writeFileSync(`${tree}.owners`, lines.join(''));
      trees.unshift(tree);
    }
    const [upper = '', ...lower] = trees;
    const owners = await ownersOf({ kind: 'overlay', layers: lower, upper, lower }, worker);
    return [...owners.keys()].sort();
  }

  const BASE = {
    records: ['mail/a', 'mail/deep/b', 'spool/c', 'spool/d', 'etc/shadow'],
    write: (layer: LayerWriter) => {
      for (const path of BASE.records) layer.file(path, plain(0o640), 0);
    },
  };
  const NOTHING = { records: [], write: () => undefined };

  it('are those of the layer below where nothing is above', async () => {
    expect(await recorded([BASE, NOTHING, NOTHING])).toEqual([...BASE.records].sort());
  });

  it('go with what a layer replaces, deletes, or hides by an opaque directory', async () => {
    const middle = {
      records: ['mail/new'],
      write: (layer: LayerWriter) => {
        layer.opaque('mail');
        layer.file('mail/a', plain(0o640), 0);
        layer.file('mail/new', plain(0o640), 0);
        layer.whiteout('spool/c');
        layer.file('spool/d', plain(0o640), 0);
      },
    };
    expect(await recorded([BASE, middle, NOTHING])).toEqual(['etc/shadow', 'mail/new']);
    const file = { records: [], write: (layer: LayerWriter) => layer.symlink('mail', plain(0o777), 'spool') };
    expect(await recorded([BASE, file, NOTHING])).toEqual(['etc/shadow', 'spool/c', 'spool/d']);
    const root = { records: [], write: (layer: LayerWriter) => layer.opaque('') };
    expect(await recorded([BASE, root, NOTHING])).toEqual([]);
  });

  it('stay with a file that the container has changed, and not below a directory that it has made anew', async () => {
    const own = {
      records: [],
      write: (layer: LayerWriter) => {
        layer.file('etc/shadow', plain(0o640), 0);
        layer.opaque('mail/deep');
        layer.file('mail/deep/b', plain(0o640), 0);
        layer.whiteout('spool');
      },
    };
    expect(await recorded([BASE, own])).toEqual(['etc/shadow', 'mail/a']);
  });
});
