import { Buffer } from 'node:buffer';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Authentication, authorise, issueToken } from './faulty-registry-auth.ts';
import { type UploadOptions, Uploads } from './faulty-registry-push.ts';
import type { Descriptor, ImageStore } from './image-store.ts';

export type Endpoint =
  | 'ping'
  | 'token'
  | 'manifest'
  | 'blob'
  | 'upload'
  | 'tags'
  | 'catalog'
  | 'search'
  | 'other';

/** What the registry does wrong in place of, or with, its proper answer. */
export type Fault =
  /** An answer of its own: 404s, 429 with Retry-After, 500, garbage with status 200. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string | Buffer;
    }
  /** The connection ends after so many bytes of the body; Content-Length says the full size. */
  | { readonly kind: 'cut'; readonly after: number }
  /** One bit of the body is flipped: same length, another digest. */
  | { readonly kind: 'corrupt' }
  /** Content-Length is off by so many bytes; the connection closes after the body. */
  | { readonly kind: 'content-length'; readonly delta: number }
  /** After so many bytes nothing more comes until `release`. */
  | { readonly kind: 'stall'; readonly after: number }
  /** The proper answer with other headers; an empty value takes one away. */
  | { readonly kind: 'headers'; readonly headers: Record<string, string> }
  /** The connection closes before a byte of the answer. */
  | { readonly kind: 'hang-up' }
  /** The connection closes once so many bytes of a request's body have come; they are kept, as of a broken upload. */
  | { readonly kind: 'cut-request'; readonly after: number };

/** A fault and where it strikes: everywhere on an endpoint, or on paths that match; always, or the first `times`. */
export type Rule = Fault & { readonly on: Endpoint | RegExp; readonly times?: number };

export interface FaultyRegistryOptions {
  /** Images by repository. */
  readonly images?: Readonly<Record<string, ImageStore>>;
  readonly rules?: readonly Rule[];
  readonly authentication?: Authentication;
  /** Default 127.0.0.1. */
  readonly address?: string;
  readonly uploads?: UploadOptions;
  /** Parts of a blob are sent to those who ask for them (RFC 9110, 14); without, the whole is. */
  readonly ranges?: boolean;
  /** What `/v1/search` answers with; 404 without. */
  readonly searchResults?: readonly object[];
  /** Speaks HTTPS; with `requestCert` and `ca` only to those who have a certificate. */
  readonly tls?: ServerOptions;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly endpoint: Endpoint;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Bytes of the request's body. */
  length: number;
  /** Of the answer; 0 while there is none. */
  status: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const PATTERNS: readonly [Endpoint, RegExp][] = [
  ['ping', /^\/v2\/?$/],
  ['token', /^\/token(\?|$)/],
  ['manifest', /^\/v2\/(?<repository>.+)\/manifests\/(?<reference>[^/]+)$/],
  ['upload', /^\/v2\/(?<repository>.+)\/blobs\/uploads\/(?<reference>[^/?]*)(\?|$)/],
  ['blob', /^\/v2\/(?<repository>.+)\/blobs\/(?<reference>sha256:[0-9a-f]+)$/],
  ['tags', /^\/v2\/(?<repository>.+)\/tags\/list$/],
  ['catalog', /^\/v2\/_catalog(\?|$)/],
  ['search', /^\/v1\/search(\?|$)/],
];

/** The distribution API (distribution-spec, "Pull" and "Push") over a socket, with faults. */
export class FaultyRegistry implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  readonly #server: Server;
  readonly #images: Map<string, ImageStore>;
  readonly #uploads: Uploads;
  readonly #searchResults: readonly object[] | undefined;
  readonly #ranges: boolean;
  readonly #authentication: Authentication | undefined;
  readonly #rules: { readonly rule: Rule; left: number }[];
  readonly #events = new EventEmitter();

  /** Starts on a free port. */
  static async start(options: FaultyRegistryOptions = {}): Promise<FaultyRegistry> {
    const registry = new FaultyRegistry(options);
    registry.#server.listen(0, options.address ?? '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  private constructor(options: FaultyRegistryOptions) {
    const { images = {}, rules = [], authentication, uploads = {}, tls } = options;
    this.#images = new Map(Object.entries(images));
    this.#uploads = new Uploads(this.#images, uploads);
    this.#searchResults = options.searchResults;
    this.#ranges = options.ranges ?? false;
    this.#authentication = authentication;
    this.#rules = rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }));
    this.#events.setMaxListeners(0);
    const serve = (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response);
    this.#server = tls === undefined ? createServer(serve) : createSecureServer(tls, serve);
  }

  /** The images of a repository, pushed ones too. */
  images(repository: string): ImageStore | undefined {
    return this.#images.get(repository);
  }

  /** `127.0.0.1:PORT`, the first part of a reference. */
  get host(): string {
    const address = this.#server.address() as AddressInfo;
    return `${address.address}:${address.port}`;
  }

  /** Lets everything go on that a `stall` holds, now and later. */
  release(): void {
    for (const each of this.#rules) if (each.rule.kind === 'stall') each.left = 0;
    this.#events.emit('release');
  }

  /** Resolves with the first request so far or to come that the test accepts. */
  async request(accept: (request: RecordedRequest) => boolean): Promise<RecordedRequest> {
    for (;;) {
      const found = this.requests.find(accept);
      if (found !== undefined) return found;
      await once(this.#events, 'request');
    }
  }

  /** Resolves once a `stall` holds an answer back: the client is in the middle of that download. */
  async stalled(): Promise<void> {
    if (this.#stalls === 0) await once(this.#events, 'stall');
  }
  #stalls = 0;

  async stop(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    const [endpoint, match] = route(path);
    const record: RecordedRequest = {
      method: request.method ?? 'GET',
      path,
      endpoint,
      headers: request.headers,
      length: 0,
      status: 0,
    };
    this.requests.push(record);
    const hit = this.#rules.find(({ rule, left }) => left > 0 && strikes(rule, endpoint, path));
    if (hit !== undefined) hit.left -= 1;
    // A client's hanging up early is one of the things under test.
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    const limit = hit?.rule.kind === 'cut-request' ? hit.rule.after : Number.POSITIVE_INFINITY;
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, Math.max(0, limit - record.length));
      record.length += part.length;
      body.push(part);
      if (record.length < limit) return;
      request.removeAllListeners('data').removeAllListeners('end');
      this.#answer(request, endpoint, match, Buffer.concat(body), true);
      request.socket.destroy();
    });
    request.on('end', () => {
      const answer = this.#answer(request, endpoint, match, Buffer.concat(body), false);
      this.#send(request, response, record, answer, hit?.rule);
      this.#events.emit('request');
    });
  }

  #answer(
    request: IncomingMessage,
    endpoint: Endpoint,
    groups: Record<string, string>,
    sent: Buffer,
    cut: boolean,
  ): Answer {
    if (this.#authentication !== undefined) {
      if (endpoint === 'token') return issueToken(this.#authentication, request);
      const refusal = authorise(this.#authentication, request, this.host, groups.repository);
      if (refusal !== undefined) return refusal;
    }
    if (endpoint === 'ping') return json(200, {});
    if (endpoint === 'upload') return this.#uploads.answer(request, groups, sent, cut);
    if (endpoint === 'manifest' && request.method === 'PUT')
      return this.#uploads.manifest(request, groups, sent);
    if (endpoint === 'catalog') return json(200, { repositories: [...this.#images.keys()].sort() });
    if (endpoint === 'search' && this.#searchResults !== undefined) {
      return json(200, { num_results: this.#searchResults.length, results: this.#searchResults });
    }
    const { repository = '', reference = '' } = groups;
    const store = this.#images.get(repository);
    if (store === undefined) return failure(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    if (endpoint === 'tags') return json(200, { name: repository, tags: [...store.tags.keys()] });
    if (endpoint === 'manifest') return manifest(store, reference);
    const data = store.blobs.get(reference);
    if (endpoint !== 'blob' || data === undefined)
      return failure(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': reference };
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    if (!this.#ranges || from === undefined) return { status: 200, headers, body: data };
    const range = `bytes ${from}-${data.length - 1}/${data.length}`;
    return {
      status: 206,
      headers: { ...headers, 'content-range': range },
      body: data.subarray(Number(from)),
    };
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    record: RecordedRequest,
    proper: Answer,
    fault: Rule | undefined,
  ): void {
    if (fault?.kind === 'hang-up') {
      request.socket.destroy();
      return;
    }
    const answer = altered(proper, fault);
    record.status = answer.status;
    const length = answer.body.length + (fault?.kind === 'content-length' ? fault.delta : 0);
    const headers = { 'content-length': String(length), ...answer.headers };
    if (request.method === 'HEAD') {
      response.writeHead(answer.status, headers).end();
    } else if (fault?.kind === 'content-length') {
      // Written on the socket: node:http would correct, or refuse, a length that is wrong.
      const lines = Object.entries({ ...headers, connection: 'close' }).map(
        ([key, value]) => `${key}: ${value}\r\n`,
      );
      request.socket.write(`HTTP/1.1 ${answer.status} OK\r\n${lines.join('')}\r\n`);
      request.socket.end(answer.body);
    } else if (fault?.kind === 'cut') {
      response.writeHead(answer.status, headers);
      response.write(answer.body.subarray(0, fault.after), () => request.socket.destroy());
    } else if (fault?.kind === 'stall') {
      response.writeHead(answer.status, headers);
      response.write(answer.body.subarray(0, fault.after), () => {
        this.#stalls += 1;
        this.#events.emit('stall');
      });
      this.#events.once('release', () => response.end(answer.body.subarray(fault.after)));
    } else {
      response.writeHead(answer.status, headers).end(answer.body);
    }
  }
}

/** `127.0.0.1:PORT` where nothing listens: connections are refused. */
export async function refusingHost(): Promise<string> {
  const registry = await FaultyRegistry.start();
  const { host } = registry;
  await registry.stop();
  return host;
}

function altered(answer: Answer, fault: Rule | undefined): Answer {
  if (fault?.kind === 'answer') {
    return { status: fault.status, headers: fault.headers ?? {}, body: Buffer.from(fault.body ?? '') };
  }
  if (fault?.kind === 'headers') {
    const merged = Object.entries({ ...answer.headers, ...fault.headers }).filter(
      ([, value]) => value !== '',
    );
    return { ...answer, headers: Object.fromEntries(merged) };
  }
  if (fault?.kind === 'corrupt') {
    const body = Buffer.from(answer.body);
    const middle = body.length >> 1;
    body[middle] = (body[middle] ?? 0) ^ 0x01;
    return { ...answer, body };
  }
  return answer;
}

function strikes(rule: Rule, endpoint: Endpoint, path: string): boolean {
  return rule.on instanceof RegExp ? rule.on.test(path) : rule.on === endpoint;
}

function route(path: string): [Endpoint, Record<string, string>] {
  for (const [endpoint, pattern] of PATTERNS) {
    const match = pattern.exec(path);
    if (match !== null) return [endpoint, { ...match.groups }];
  }
  return ['other', {}];
}

function manifest(store: ImageStore, reference: string): Answer {
  const descriptor: Pick<Descriptor, 'digest' | 'mediaType'> | undefined =
    store.tags.get(reference) ?? byDigest(store, reference);
  if (descriptor === undefined) return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  return {
    status: 200,
    headers: { 'content-type': descriptor.mediaType, 'docker-content-digest': descriptor.digest },
    body: store.blob(descriptor.digest),
  };
}

function byDigest(store: ImageStore, digest: string): Pick<Descriptor, 'digest' | 'mediaType'> | undefined {
  const data = store.blobs.get(digest);
  if (data === undefined) return undefined;
  const { mediaType }: { mediaType: string } = JSON.parse(data.toString());
  return { digest, mediaType };
}

function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

function failure(status: number, code: string, message: string): Answer {
  return json(status, { errors: [{ code, message, detail: null }] });
}
