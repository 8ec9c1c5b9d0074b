import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ImageStore, sha256 } from './image-store.ts';

export interface UploadOptions {
  /** What the registry says of the least size of a piece. */
  readonly chunkMinimum?: number;
  /** A body longer than this is answered with 413. */
  readonly maxBody?: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** The pushing half of the distribution API (distribution-spec, "Push"); what is pushed can be pulled. */
export class Uploads {
  readonly #images: Map<string, ImageStore>;
  readonly #options: UploadOptions;
  readonly #sessions = new Map<string, Buffer>();
  #ids = 0;

  constructor(images: Map<string, ImageStore>, options: UploadOptions) {
    this.#images = images;
    this.#options = options;
  }

  /** @param body as far as it came; `cut` says that this isn't the whole */
  answer(
    request: IncomingMessage,
    { repository = '', reference = '' }: Record<string, string>,
    body: Buffer,
    cut: boolean,
  ): Answer {
    const url = new URL(request.url ?? '', 'http://registry');
    if (request.method === 'POST') return this.#begin(repository, url.searchParams);
    const before = this.#sessions.get(reference);
    if (before === undefined) return failure(404, 'BLOB_UPLOAD_UNKNOWN');
    if (request.method === 'GET') return this.#at(204, repository, reference, before.length);
    if (body.length > (this.#options.maxBody ?? Number.POSITIVE_INFINITY))
      return failure(413, 'SIZE_INVALID');
    const start = /^(\d+)-/.exec(String(request.headers['content-range'] ?? ''))?.[1];
    if (start !== undefined && Number(start) !== before.length) return failure(416, 'RANGE_INVALID');
    const data = Buffer.concat([before, body]);
    this.#sessions.set(reference, data);
    if (cut) return failure(400, 'BLOB_UPLOAD_INVALID');
    if (request.method === 'PATCH') return this.#at(202, repository, reference, data.length);
    this.#sessions.delete(reference);
    const digest = url.searchParams.get('digest') ?? '';
    if (sha256(data) !== digest) return failure(400, 'DIGEST_INVALID');
    this.#store(repository).blobs.set(digest, data);
    return created(`/v2/${repository}/blobs/${digest}`, digest);
  }

  /** PUT of a manifest by tag or digest. */
  manifest(
    request: IncomingMessage,
    { repository = '', reference = '' }: Record<string, string>,
    body: Buffer,
  ): Answer {
    const store = this.#store(repository);
    const { config, layers = [] } = JSON.parse(body.toString()) as {
      config?: { digest: string };
      layers?: { digest: string; urls?: string[] }[];
    };
    const needed = [
      ...(config === undefined ? [] : [config]),
      ...layers.filter(({ urls }) => urls === undefined),
    ];
    if (!needed.every(({ digest }) => store.blobs.has(digest))) return failure(404, 'MANIFEST_BLOB_UNKNOWN');
    const descriptor = store.addBlob(String(request.headers['content-type']), body);
    if (!reference.includes(':')) store.tag(reference, descriptor);
    return created(`/v2/${repository}/manifests/${reference}`, descriptor.digest);
  }

  #begin(repository: string, query: URLSearchParams): Answer {
    const digest = query.get('mount') ?? '';
    const mounted = this.#images.get(query.get('from') ?? '')?.blobs.get(digest);
    if (mounted !== undefined) {
      this.#store(repository).blobs.set(digest, mounted);
      return created(`/v2/${repository}/blobs/${digest}`, digest);
    }
    this.#ids += 1;
    this.#sessions.set(String(this.#ids), Buffer.alloc(0));
    const begun = this.#at(202, repository, String(this.#ids), 0);
    const { chunkMinimum } = this.#options;
    if (chunkMinimum === undefined) return begun;
    return { ...begun, headers: { ...begun.headers, 'oci-chunk-min-length': String(chunkMinimum) } };
  }

  #at(status: number, repository: string, id: string, length: number): Answer {
    const location = `/v2/${repository}/blobs/uploads/${id}?state=${length}`;
    // As distribution has it, "0-0" also stands for nothing.
    return {
      status,
      headers: { location, range: `0-${Math.max(0, length - 1)}`, 'content-length': '0' },
      body: Buffer.alloc(0),
    };
  }

  #store(repository: string): ImageStore {
    const known = this.#images.get(repository) ?? new ImageStore();
    this.#images.set(repository, known);
    return known;
  }
}

function created(location: string, digest: string): Answer {
  return { status: 201, headers: { location, 'docker-content-digest': digest }, body: Buffer.alloc(0) };
}

function failure(status: number, code: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ errors: [{ code, message: code.toLowerCase(), detail: null }] })),
  };
}
