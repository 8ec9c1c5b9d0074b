import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync as utimes,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type State, Template, whyNot } from './state.ts';

const reason = whyNot();
const SECOND = '1970-01-01T00:00:01Z';

/** Keeps the size and the times, so that the content alone tells. */
function flip(path: string): void {
  const data = readFileSync(path);
  const { atime, mtime } = statSync(path);
  data[data.length >> 1] = (data[data.length >> 1] ?? 0) ^ 0xff;
  writeFileSync(path, data);
  utimes(path, atime, mtime);
}

interface Damage {
  readonly plant: (state: State) => void;
  readonly kind: string;
  /** Of the first fault. */
  readonly message: RegExp;
  /** Found without reading content, too. */
  readonly quick?: boolean;
  /** What `--repair` says; undefined where it can do nothing. */
  readonly outcome?: RegExp;
}

const FETCHED = /^It has been fetched again from 127\.0\.0\.1:\d+\/[ab]\.$/;
const UNPACKED = /^It has been unpacked again\.$/;
const REMOVED = /^It has been removed\.$/;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'a layer’s blob that is gone': {
    plant: (state) => rmSync(state.blob('layer')),
    kind: 'blob',
    message: /^The layer sha256:[0-9a-f]{64} of image 127\.0\.0\.1:\d+\/a:latest is missing\.$/,
    quick: true,
    outcome: FETCHED,
  },
  'a layer’s blob that is cut': {
    plant: (state) => truncateSync(state.blob('shared'), 10),
    kind: 'blob',
    message: / has 10 bytes in the place of \d+\.$/,
    quick: true,
    outcome: FETCHED,
  },
  'a bit of a blob': {
    plant: (state) => flip(state.blob('shared')),
    kind: 'blob',
    message: / has not the content that its digest says\.$/,
    outcome: FETCHED,
  },
  'a manifest that is gone': {
    plant: (state) => rmSync(state.blob('manifest')),
    kind: 'blob',
    message: /^The manifest sha256:/,
    quick: true,
    outcome: FETCHED,
  },
  'a configuration that is gone': {
    plant: (state) => rmSync(state.blob('configuration', 'b')),
    kind: 'blob',
    message: /^The configuration sha256:/,
    quick: true,
    outcome: FETCHED,
  },
  'a blob of no image': {
    plant: (state) => writeFileSync(state.path('images/blobs/sha256', 'ab'.repeat(32)), 'x'),
    kind: 'leftover',
    message: /^The blob sha256:(ab){32} is of no image\.$/,
    quick: true,
    outcome: REMOVED,
  },
  'a file among the blobs': {
    plant: (state) => writeFileSync(state.path('images/blobs/sha256/notes.txt'), 'x'),
    kind: 'leftover',
    message: /^The file .*notes\.txt is no blob\.$/,
    quick: true,
    outcome: REMOVED,
  },
  'the record of an image’s platform': {
    plant: (state) => state.sql(`UPDATE image SET architecture = 'vax'`),
    kind: 'image',
    message: /says another platform than its manifest and configuration\.$/,
    quick: true,
    outcome: /^The record has been written anew\.$/,
  },
  'the record of an image’s layers': {
    plant: (state) => state.sql(`UPDATE image_layer SET media_type = 'x' WHERE position = 1`),
    kind: 'image',
    message: /says another list of layers than/,
    quick: true,
    outcome: /^The record has been written anew\.$/,
  },
  'the record of an image’s command': {
    plant: (state) => state.sql(`UPDATE image SET config = '{"Cmd":["rm"]}'`),
    kind: 'image',
    message: /says another configuration than/,
    quick: true,
    outcome: /^The record has been written anew\.$/,
  },
  'the record of a name': {
    plant: (state) =>
      state.sql(`UPDATE image_name SET repository = 'docker.io/library/x' WHERE tag IS NOT NULL`),
    kind: 'image',
    message: /^The name 127\.0\.0\.1:\d+\/a:latest is recorded as one of docker\.io\/library\/x:latest\.$/,
    quick: true,
    outcome: /^The name has been recorded anew\.$/,
  },
  'a name that is none': {
    plant: (state) =>
      state.sql(`UPDATE image_name SET name = '//' || name WHERE tag IS NOT NULL AND name LIKE '%/a:%'`),
    kind: 'image',
    message: /^The name "\/\/.*" of an image is none\.$/,
    quick: true,
    outcome: /^The name has been removed\.$/,
  },
  'the index of the images': {
    plant: (state) => writeFileSync(state.path('images/index.json'), '{"schemaVersion":2,"manifests":[]}'),
    kind: 'image',
    message: /^The file index\.json, /,
    quick: true,
    outcome: /^It has been written anew\.$/,
  },
  'the record of an unpacked layer': {
    plant: (state) =>
      state.sql(
        `DELETE FROM layer WHERE chain_id NOT IN (SELECT parent FROM layer WHERE parent IS NOT NULL)`,
      ),
    kind: 'layer',
    message: / is unpacked, and not recorded\.$/,
    quick: true,
    outcome: UNPACKED,
  },
  'the record of a layer below others': {
    plant: (state) => state.sql('DELETE FROM layer WHERE parent IS NULL'),
    kind: 'layer',
    message: / is unpacked, and not recorded\.$/,
    quick: true,
    outcome: UNPACKED,
  },
  'all records of a layer below others': {
    plant: (state) => {
      const { id } = state.row<{ id: string }>('SELECT chain_id AS id FROM layer WHERE parent IS NULL');
      state.sql(`DELETE FROM layer WHERE parent IS NULL;
                 DELETE FROM driver_state WHERE driver = 'storage-overlay' AND key = 'snapshot/${id}'`);
    },
    kind: 'layer',
    message: / lies on the layer sha256:[0-9a-f]{64}, which is not there\.$/,
    quick: true,
    outcome: UNPACKED,
  },
  'all records of a layer': {
    plant: (state) =>
      state.sql(`DELETE FROM driver_state WHERE driver = 'storage-overlay'
                   AND substr(key, 10) IN (SELECT chain_id FROM layer WHERE parent IS NOT NULL);
                 DELETE FROM driver_state WHERE driver = 'storage-overlay' AND key LIKE 'child/%sha256:%sha256:%';
                 DELETE FROM layer WHERE parent IS NOT NULL`),
    kind: 'layer',
    message: / is not unpacked\.$/,
    quick: true,
    outcome: UNPACKED,
  },
  'the driver’s records': {
    plant: (state) =>
      state.sql(`DELETE FROM driver_state WHERE driver = 'storage-overlay' AND key LIKE '%sha256%'`),
    kind: 'layer',
    message: / is recorded, and the storage driver doesn't know it\.$/,
    quick: true,
    outcome: UNPACKED,
  },
  'the tree of a layer': {
    plant: (state) => rmSync(state.tree('foreign'), { recursive: true }),
    kind: 'layer',
    message: / has lost its files, which were in .*\.$/,
    quick: true,
    outcome: UNPACKED,
  },
  'a file of a layer that is gone': {
    plant: (state) => rmSync(join(state.tree('foreign'), 'diff/link')),
    kind: 'layer',
    message:
      /^The layer sha256:[0-9a-f]{64} of image 127\.0\.0\.1:\d+\/[ab]:latest \(overlay\) lacks link\.$/,
    outcome: UNPACKED,
  },
  'a file too many in a layer': {
    plant: (state) => writeFileSync(join(state.tree('foreign'), 'diff/bin/more'), ''),
    kind: 'layer',
    message: / has bin\/more, which isn't of the layer\.$/,
    outcome: UNPACKED,
  },
  'a bit of a file of a layer': {
    plant: (state) => flip(join(state.tree('foreign'), 'diff/bin/sh')),
    kind: 'layer',
    message: / has another content of bin\/same\.$/,
    outcome: UNPACKED,
  },
  'the record of owners of a layer': {
    plant: (state) => appendFileSync(join(state.tree('foreign'), 'diff.owners'), '\n'),
    kind: 'layer',
    message: / has another record of owners and devices\.$/,
    outcome: UNPACKED,
  },
  'a directory of no layer': {
    plant: (state) => mkdirSync(state.path('storage/overlay/0123456789ab/diff'), { recursive: true }),
    kind: 'layer',
    message: /^There is no layer of the directory .*\/storage\/overlay\/0123456789ab\.$/,
    quick: true,
    outcome: REMOVED,
  },
  'a layer that only the driver knows': {
    plant: (state) =>
      state.sql(`INSERT INTO driver_state VALUES
                   ('storage-overlay', 'snapshot/lost', 'active' || char(10) || '0123456789ab' || char(10))`),
    kind: 'leftover',
    message: /^The storage driver overlay holds lost, which no image and no container has\.$/,
    quick: true,
    outcome: REMOVED,
  },
  'a driver that is not installed': {
    plant: (state) => state.sql(`INSERT INTO layer (driver, chain_id, size) VALUES ('lost', 'sha256:x', 1)`),
    kind: 'layer',
    message: /^There are layers or containers of the storage driver lost, which isn't installed\.$/,
    quick: true,
  },
  'the layer of a container': {
    plant: (state) => state.sql(`UPDATE container SET top_layer = 'sha256:nothing'`),
    kind: 'container',
    message: /^The container box stands on the layer sha256:nothing, which is not there\.$/,
    quick: true,
  },
  'the directory of a container': {
    plant: (state) =>
      state.sql(`UPDATE container SET pending = NULL, state = 'exited', finished_at = '${SECOND}'`),
    kind: 'container',
    message: /^The container box has lost its directory, with its logs and how it ended\.$/,
    quick: true,
  },
  'a removal of a container that was cut off': {
    plant: (state) => state.sql(`UPDATE container SET state = 'removing'`),
    kind: 'leftover',
    message: /^The container box was being removed when the command was ended\.$/,
    quick: true,
    outcome: /^Its removal has been completed\.$/,
  },
  'what a network driver keeps of a container that was removed': {
    plant: (state) =>
      state.sql(
        `INSERT INTO driver_state VALUES ('network-bridge', 'attached/' || '${'0'.repeat(64)}' || '/' || '${'1'.repeat(64)}' || '/eth0', '')`,
      ),
    kind: 'leftover',
    message: /^The network driver bridge keeps something of 0{64}, which is no container and no network\.$/,
    quick: true,
    outcome: REMOVED,
  },
  'a directory of no container': {
    plant: (state) => mkdirSync(state.path('containers', '0'.repeat(64))),
    kind: 'container',
    message: /^There is no container of the directory /,
    quick: true,
    outcome: REMOVED,
  },
  'the directory of a volume': {
    plant: (state) => rmSync(state.path('volumes/data'), { recursive: true }),
    kind: 'volume',
    message: /^The volume data has lost its files\.$/,
    quick: true,
    outcome: /^It is there again, and empty\.$/,
  },
  'the record of a volume': {
    plant: (state) => state.sql('DELETE FROM volume'),
    kind: 'volume',
    message: /^A container uses the volume data, which is not recorded\.$/,
    quick: true,
    outcome: /^It has been recorded\.$/,
  },
  'a directory of no volume': {
    plant: (state) => mkdirSync(state.path('volumes/found/_data'), { recursive: true }),
    kind: 'volume',
    message: /^The directory .*\/volumes\/found is of no volume\.$/,
    quick: true,
    outcome: /^It is the volume found now\.$/,
  },
  'a removal of a volume that was cut off': {
    plant: (state) => mkdirSync(state.path('volumes/.removed-1/_data'), { recursive: true }),
    kind: 'leftover',
    message: /whose removal was cut off\.$/,
    quick: true,
    outcome: REMOVED,
  },
  'what a killed command left': {
    plant: (state) => mkdirSync(state.path('tmp/1.1.none.1')),
    kind: 'leftover',
    message: /^A command that was killed left /,
    quick: true,
    outcome: REMOVED,
  },
  'a row that refers to nothing': {
    plant: (state) =>
      state.sql(
        `INSERT INTO endpoint (network, container, position, id, aliases) VALUES ('none', 'none', 0, 'x', '[]')`,
      ),
    kind: 'database',
    message: /^A row of the table endpoint refers to a row of (network|container) that isn't there\.$/,
    quick: true,
    outcome: /^The row has been removed\.$/,
  },
  'an index of the database': {
    plant: (state) => {
      const { page } = state.row<{ page: number }>(
        `SELECT rootpage AS page FROM sqlite_schema WHERE name = 'image_layer_blob'`,
      );
      const data = readFileSync(state.path('wherry.db'));
      // The number of cells of the page that holds the index (sqlite.org/fileformat.html, 1.6).
      data.writeUInt16BE(1, (page - 1) * 4096 + 3);
      writeFileSync(state.path('wherry.db'), data);
    },
    kind: 'database',
    message: /^The database is damaged: /,
    quick: true,
    outcome: /^Its indexes have been made anew; nothing is lost\.$/,
  },
};

describe.skipIf(reason !== undefined)(
  `the check of a state${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let template: Template;
    beforeAll(async () => {
      template = await Template.make();
    }, 60_000);
    afterAll(() => template[Symbol.asyncDispose]());

    it('finds nothing in a sound one, and changes nothing', async () => {
      using state = template.copy();
      expect(await state.check()).toEqual({
        checked: { blobs: 7, images: 2, layers: 3, containers: 1, volumes: 1 },
        faults: [],
        unread: 0,
      });
      expect(await state.check({ repair: true })).toMatchObject({ faults: [] });
    });

    it.each(Object.entries(DAMAGES))('finds %s, and mends what can be mended', async (_, damage) => {
      using state = template.copy();
      damage.plant(state);
      const quick = await state.check({ quick: true });
      expect(quick.faults.map(({ message }) => message).slice(0, 1)).toEqual(
        damage.quick ? [expect.stringMatching(damage.message)] : [],
      );
      const { faults } = await state.check();
      expect(faults[0]).toEqual({
        kind: damage.kind,
        subject: expect.any(String),
        message: expect.stringMatching(damage.message),
      });
      const repaired = await state.check({ repair: true });
      const { outcome } = damage;
      if (outcome === undefined) {
        expect(repaired.faults[0]).toMatchObject({ outcome: expect.any(String) });
        return;
      }
      expect(repaired.faults[0]).toMatchObject({ mended: true, outcome: expect.stringMatching(outcome) });
      expect(repaired.faults.filter(({ mended }) => !mended)).toEqual([]);
      expect(await state.check()).toMatchObject({ faults: [] });
    });

    it('says what it can’t mend, and why', async () => {
      using state = template.copy();
      rmSync(state.blob('layer'));
      state.sql('DELETE FROM image_name WHERE tag IS NULL');
      const { faults } = await state.check({ repair: true });
      expect(faults).toMatchObject([
        {
          mended: false,
          outcome: expect.stringMatching(/^It can not be mended: The blob .* no registry is known/),
        },
      ]);
    });

    it('doesn’t take for damage what was given up on purpose', async () => {
      using state = template.copy();
      using engine = template.open(state.root);
      expect((await engine.images.dropBlobs()).digests).toHaveLength(3);
      expect(await state.check()).toMatchObject({ faults: [], unread: 3 });
      // A tree that is damaged then is mended by what is fetched for it.
      rmSync(state.tree('foreign'), { recursive: true });
      expect(await state.check({ repair: true })).toMatchObject({ faults: [{ mended: true }] });
      expect(existsSync(join(state.tree('foreign'), 'diff/bin/sh'))).toBe(true);
    });

    it('takes several kinds of damage at once', async () => {
      using state = template.copy();
      rmSync(state.blob('shared'));
      rmSync(state.tree('foreign'), { recursive: true });
      rmSync(state.blob('manifest'));
      renameSync(state.path('volumes/data'), state.path('volumes/other'));
      const { faults } = await state.check({ repair: true });
      expect(faults.length).toBeGreaterThanOrEqual(4);
      expect(faults.filter(({ mended }) => !mended)).toEqual([]);
      expect(await state.check()).toMatchObject({ faults: [] });
    });
  },
);
