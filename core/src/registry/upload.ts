import { createReadStream } from 'node:fs';
import { WherryError } from '../errors/error.ts';
import type { RegistryConnection } from './connection.ts';
import { badReply } from './failure.ts';
import { failureOf } from './registry-error.ts';
import type { Response } from './transport.ts';

export interface UploadOptions {
  readonly registry: string;
  readonly repository: string;
  readonly signal?: AbortSignal | undefined;
  /** Bytes that have been sent of this blob. */
  readonly onProgress?: (bytes: number) => void;
  /** Repositories of the same registry that may have the blob. */
  readonly mountFrom?: readonly string[];
}

export interface UploadBlob {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** The blob's file. */
  readonly path: string;
}

/**
 * Brings a blob into a repository, if it isn't there (distribution specification v1.1, "Push"): by HEAD it is skipped, by a mount taken
 * over from another repository, else sent in one piece.
 * @throws WherryError of the registry
 */
export async function uploadBlob(
  connection: RegistryConnection,
  blob: UploadBlob,
  options: UploadOptions,
): Promise<'exists' | 'mounted' | 'pushed'> {
  const { registry, repository, signal, onProgress } = options;
  const doing = `while pushing ${blob.digest}`;
  const asked = { registry, repository, reference: '' };
  const head = await connection.request(`/blobs/${blob.digest}`, {
    doing,
    method: 'HEAD',
    headers: {},
    signal,
  });
  await head.body.dump();
  if (head.statusCode === 200) return 'exists';
  const begin = async (query: string): Promise<Response> =>
    connection.request(`/blobs/uploads/${query}`, {
      doing,
      method: 'POST',
      headers: { 'content-length': '0' },
      signal,
    });
  for (const from of options.mountFrom ?? []) {
    const mounted = await begin(`?${new URLSearchParams({ mount: blob.digest, from })}`);
    await mounted.body.dump();
    if (mounted.statusCode === 201) return 'mounted';
  }
  const begun = await begin('');
  if (begun.statusCode !== 202) throw await failureOf(begun, asked);
  await begun.body.dump();
  const location = begun.headers.location;
  if (typeof location !== 'string') throw badReply(registry, 'names no place to upload to');
  const put = await connection.upload(location, blob.digest, {
    doing,
    signal,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
    body: () => counted(createReadStream(blob.path, { highWaterMark: 256 << 10 }), onProgress),
  });
  if (put.statusCode !== 201) throw await failureOf(put, asked);
  await put.body.dump();
  return 'pushed';
}

/**
 * Gives a manifest its name.
 * @param reference tag or digest
 * @returns its digest, as the registry has it
 */
export async function putManifest(
  connection: RegistryConnection,
  reference: string,
  manifest: { readonly mediaType: string; readonly digest: string; readonly data: Uint8Array },
  options: Pick<UploadOptions, 'registry' | 'repository' | 'signal'>,
): Promise<string> {
  const { registry, repository, signal } = options;
  const response = await connection.request(`/manifests/${reference}`, {
    doing: `while pushing the manifest of ${repository}`,
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: manifest.data,
    signal,
  });
  if (response.statusCode !== 201) throw await failureOf(response, { registry, repository, reference });
  await response.body.dump();
  const digest = response.headers['docker-content-digest'];
  if (typeof digest === 'string' && digest !== manifest.digest) {
    throw new WherryError(
      `The registry ${registry} keeps the manifest as ${digest}, and not as ${manifest.digest}.`,
      { code: 'E_DIGEST_MISMATCH', hint: 'It alters what is pushed; whoever runs it should know.' },
    );
  }
  return manifest.digest;
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onProgress: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const piece of source) {
    sent += piece.length;
    onProgress?.(sent);
    yield piece;
  }
}
