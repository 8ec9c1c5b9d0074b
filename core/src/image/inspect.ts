import type { BlobStore } from '../blob/blob-store.ts';
import type { LayerTrees } from '../container/rootfs.ts';
import { familiarName, parseReference } from '../reference/reference.ts';
import { findImage } from './find.ts';
import type { ImageTable } from './table.ts';

/**
 * An image in Docker's form (Engine API, ImageInspect).
 * @param layerTrees where a storage driver has an image's files, when that is to be told
 * @throws WherryError `E_IMAGE_NOT_FOUND`
 */
export async function inspectImage(
  table: ImageTable,
  blobs: BlobStore,
  layerTrees: ((driver: string, top: string | undefined) => Promise<LayerTrees>) | undefined,
  text: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { image } = findImage(table, text);
  const names = table.namesOf(image.id);
  const layers = table.layersOf(image.id);
  const driver = table.driversOf(image.id)[0] ?? '';
  const told = making(blobs.readText(image.id));
  const config: Readonly<Record<string, unknown>> = JSON.parse(image.config);
  return {
    Id: image.id,
    RepoTags: names.flatMap(({ repository, tag }) =>
      tag === null ? [] : [`${familiar(repository)}:${tag}`],
    ),
    RepoDigests: [
      ...new Set(
        names.flatMap(({ repository, tag, digest }) =>
          tag === null ? [`${familiar(repository)}@${digest}`] : [],
        ),
      ),
    ],
    Parent: table.parentOf(image.id)?.id ?? '',
    Comment: told.comment,
    Created: image.created,
    DockerVersion: told.dockerVersion,
    Author: told.author,
    Config: {
      Hostname: '',
      Domainname: '',
      User: '',
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: null,
      Cmd: null,
      Image: '',
      Volumes: null,
      WorkingDir: '',
      Entrypoint: null,
      OnBuild: null,
      Labels: null,
      ...config,
    },
    Architecture: image.architecture,
    ...(image.variant === null ? {} : { Variant: image.variant }),
    Os: image.os,
    Size: image.size,
    GraphDriver: {
      Data:
        driver === '' || layerTrees === undefined
          ? null
          : treeData(await layerTrees(driver, layers.at(-1)?.chainId)),
      Name: driver,
    },
    RootFS: { Type: 'layers', Layers: layers.map(({ diffId }) => diffId) },
    Metadata: { LastTagTime: image.last_tag ?? '0001-01-01T00:00:00Z' },
  };
}

/** Docker's names for them. What a mount would need beside them (`MergedDir`, `WorkDir`) no image has here. */
function treeData({ kind, trees: [top, ...lower] }: LayerTrees): Readonly<Record<string, string>> | null {
  if (top === undefined) return null;
  if (kind === 'whole') return { Dir: top };
  return { ...(lower.length > 0 && { LowerDir: lower.join(':') }), UpperDir: top };
}

const familiar = (repository: string): string => familiarName(parseReference(repository));

/** Who made it, with what, and why, by its configuration (OCI image specification); the last step's comment where it has none. */
function making(text: string | undefined): Readonly<Record<'author' | 'comment' | 'dockerVersion', string>> {
  const config: unknown = text === undefined ? {} : JSON.parse(text);
  const { author, comment, docker_version: dockerVersion, history } = fields(config);
  const last = fields(Array.isArray(history) ? history.at(-1) : undefined);
  return {
    author: word(author),
    comment: word(comment) || word(last.comment),
    dockerVersion: word(dockerVersion),
  };
}

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const word = (value: unknown): string => (typeof value === 'string' ? value : '');
