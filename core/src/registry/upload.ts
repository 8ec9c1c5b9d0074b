import { WherryError } from '../errors/error.ts';
import type { RegistryConnection } from './connection.ts';
import { failureOf } from './registry-error.ts';
import type { RetryPolicy } from './retry.ts';
import type { Response } from './transport.ts';
import { beginUpload, UploadSession } from './upload-session.ts';

export interface UploadOptions {
  readonly registry: string;
  readonly repository: string;
  readonly signal?: AbortSignal | undefined;
  /** Bytes that have been sent of this blob. */
  readonly onProgress?: (bytes: number) => void;
  /** Repositories of the same registry that may have the blob. */
  readonly mountFrom?: readonly string[];
}

/** How a blob came to be in the repository. */
export type UploadOutcome =
  | { readonly state: 'exists' | 'pushed' }
  | { readonly state: 'mounted'; readonly from: string };

export interface UploadBlob {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** The blob's file. */
  readonly path: string;
}

/**
 * Brings a blob into a repository, if it isn't there (distribution specification v1.1, "Push"): by HEAD it is skipped, by a mount taken
 * over from another repository, else sent.
 * @throws WherryError of the registry
 */
export async function uploadBlob(
  connection: RegistryConnection,
  blob: UploadBlob,
  options: UploadOptions,
  retry: RetryPolicy,
): Promise<UploadOutcome> {
  const { registry, repository, signal } = options;
  const doing = `while pushing ${blob.digest}`;
  const head = await connection.request(`/blobs/${blob.digest}`, {
    doing,
    method: 'HEAD',
    access: 'push',
    headers: {},
    signal,
  });
  await head.body.dump();
  if (head.statusCode === 200) return { state: 'exists' };
  let begun: Response | undefined;
  for (const from of options.mountFrom ?? []) {
    begun = await mount(connection, blob.digest, from, doing, signal);
    if (begun?.statusCode === 201) {
      await begun.body.dump();
      return { state: 'mounted', from };
    }
    // What can't be mounted is an upload that is begun.
    if (begun?.statusCode === 202) break;
    await begun?.body.dump();
    begun = undefined;
  }
  begun ??= await beginUpload(connection, doing, '', signal);
  if (begun.statusCode !== 202) {
    throw await failureOf(begun, { registry, repository, reference: '', access: 'push' });
  }
  await begun.body.dump();
  await new UploadSession(connection, begun, blob, options, retry).send();
  return { state: 'pushed' };
}

/** Undefined where the right to read the other repository isn't given: the blob can be sent all the same. */
async function mount(
  connection: RegistryConnection,
  digest: string,
  from: string,
  doing: string,
  signal: AbortSignal | undefined,
): Promise<Response | undefined> {
  try {
    return await beginUpload(connection, doing, `?${new URLSearchParams({ mount: digest, from })}`, signal);
  } catch (error) {
    if (error instanceof WherryError && error.code === 'E_REGISTRY_AUTH') return undefined;
    throw error;
  }
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
    access: 'push',
    headers: { 'content-type': manifest.mediaType },
    body: manifest.data,
    signal,
  });
  if (response.statusCode !== 201)
    throw await failureOf(response, { registry, repository, reference, access: 'push' });
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
