import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BlobStore } from '../blob/blob-store.ts';
import { touchLayout, writeLayout } from '../blob/layout.ts';
import { WherryError } from '../errors/error.ts';
import { chainIds, parseConfig } from '../image/config.ts';
import { parseManifest } from '../image/manifest.ts';
import { type ImageRecord, type ImageRow, ImageTable } from '../image/table.ts';
import { fullName, parseReference } from '../reference/reference.ts';
import type { Store } from '../store/store.ts';
import type { Fault, Findings } from './fault.ts';
import { imageNames } from './names.ts';

export interface ImageCheck {
  readonly store: Store;
  readonly blobs: BlobStore;
}

/** Compares the records of images with their manifests and configurations, their names, and index.json with both. */
export function checkImages(context: ImageCheck): Findings {
  const { store } = context;
  const table = new ImageTable(store.database);
  const names = imageNames(store.database);
  const rows = table.rows();
  const records = rows.flatMap((row) => recordFaults(context, table, row, names(row.id)));
  return {
    count: rows.length,
    faults: [...records, ...nameFaults(store, table), ...layoutFaults(context, table)],
  };
}

/** Blobs that are missing or damaged are told of elsewhere. */
function recordFaults(
  { store, blobs }: ImageCheck,
  table: ImageTable,
  row: ImageRow,
  name: string,
): readonly Fault[] {
  const found = readImage(blobs, row, name);
  if (found === undefined) return [];
  if (typeof found === 'string') {
    return [{ kind: 'image', subject: row.id, message: `The image ${name} is damaged: ${found}` }];
  }
  const recorded = {
    ...row,
    layers: table.layersOf(row.id),
  };
  const wrong = differing(recorded, found);
  if (wrong === undefined) return [];
  return [
    {
      kind: 'image',
      subject: row.id,
      message: `The record of image ${name} says another ${wrong} than its manifest and configuration.`,
      mend: async () => {
        store.database.transaction(() => table.replace({ ...found, size: row.size }));
        return 'The record has been written anew.';
      },
    },
  ];
}

type Read = Omit<ImageRecord, 'size'>;

/** An image as its blobs have it; a sentence when they can't be one; undefined when one isn't here. */
function readImage(blobs: BlobStore, row: ImageRow, name: string): Read | string | undefined {
  const manifestText = blobs.readText(row.manifest);
  const configText = blobs.readText(row.id);
  if (manifestText === undefined || configText === undefined) return undefined;
  try {
    const manifest = parseManifest(name, Buffer.from(manifestText), row.media_type);
    if (manifest.kind !== 'manifest') return 'what it has for a manifest is an index.';
    if (manifest.config.digest !== row.id)
      return `its manifest names the configuration ${manifest.config.digest}.`;
    const { platform, created, config, diffIds } = parseConfig(name, configText, manifest.layers.length);
    const chain = chainIds(diffIds);
    const layers = manifest.layers.map(({ digest, mediaType, size }, index) => ({
      chainId: chain[index] ?? '',
      diffId: diffIds[index] ?? '',
      blob: digest,
      mediaType,
      size,
    }));
    const descriptor = { digest: row.manifest, mediaType: row.media_type, size: row.manifest_size };
    return { id: row.id, manifest: descriptor, platform, created, config, layers };
  } catch (error) {
    if (error instanceof WherryError) return error.message;
    throw error;
  }
}

/** What differs, as people say it; undefined when nothing does. */
function differing(
  row: ImageRow & { readonly layers: Read['layers'] },
  { platform, created, config, layers }: Read,
): string | undefined {
  if (row.os !== platform.os || row.architecture !== platform.architecture) return 'platform';
  if (row.variant !== (platform.variant ?? null)) return 'platform';
  if (row.created !== created) return 'time';
  if (row.config !== JSON.stringify(config)) return 'configuration';
  const same =
    row.chain === JSON.stringify(layers.map(({ chainId }) => chainId)) &&
    JSON.stringify(row.layers) === JSON.stringify(layers);
  return same ? undefined : 'list of layers';
}

function nameFaults({ database }: Store, table: ImageTable): readonly Fault[] {
  return table.names().flatMap(({ name, repository, tag, digest, image }): readonly Fault[] => {
    const fault = (message: string, correct: string | undefined): Fault => ({
      kind: 'image',
      subject: name,
      message,
      mend: async () => {
        if (correct === undefined) table.untag(name);
        else
          database.run(
            'UPDATE image_name SET repository = ?, tag = ? WHERE name = ?',
            correct,
            tagOf(name),
            name,
          );
        return correct === undefined ? 'The name has been removed.' : 'The name has been recorded anew.';
      },
    });
    const correct = repositoryOf(name);
    if (correct === undefined) return [fault(`The name "${name}" of an image is none.`, undefined)];
    if (table.row(image) === undefined)
      return [fault(`The name ${name} is of the image ${image}, which isn't here.`, undefined)];
    if (correct === repository && tagOf(name) === tag && digest !== '') return [];
    return [fault(`The name ${name} is recorded as one of ${repository}:${tag ?? ''}.`, correct)];
  });
}

function repositoryOf(name: string): string | undefined {
  try {
    return fullName(parseReference(name));
  } catch {
    return undefined;
  }
}

function tagOf(name: string): string | null {
  return parseReference(name).tag ?? null;
}

/** An index that is behind is no fault: the next command that shows images writes it. */
function layoutFaults({ store }: ImageCheck, table: ImageTable): readonly Fault[] {
  const { paths, database, temporary } = store;
  const current = database.get<{ current: number }>('SELECT generation = written AS current FROM layout');
  // What names there are is no use while one of them is none.
  if (current?.current !== 1 || table.names().some(({ name }) => repositoryOf(name) === undefined)) return [];
  if (layoutText(paths.images) === JSON.stringify(table.layoutEntries())) return [];
  return [
    {
      kind: 'image',
      subject: 'index.json',
      message: 'The file index.json, by which other tools read the images, lists others than there are.',
      mend: async () => {
        touchLayout(database);
        writeLayout(paths.images, database, temporary, () => table.layoutEntries());
        return 'It has been written anew.';
      },
    },
  ];
}

function layoutText(images: string): string | undefined {
  try {
    JSON.parse(readFileSync(join(images, 'oci-layout'), 'utf8'));
    const index = JSON.parse(readFileSync(join(images, 'index.json'), 'utf8')) as { manifests?: unknown };
    return JSON.stringify(index.manifests);
  } catch {
    return undefined;
  }
}
