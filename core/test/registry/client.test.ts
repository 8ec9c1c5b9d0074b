import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { hugeManifest, imageOf } from '../../../test/support/broken-images.ts';
import {
  FaultyRegistry,
  type FaultyRegistryOptions,
  type Rule,
  refusingHost,
} from '../../../test/support/faulty-registry.ts';
import type { Descriptor, ImageStore } from '../../../test/support/image-store.ts';
import { type RegistryOptions, RepositoryClient } from '../../src/registry/client.ts';

const SIZE = 200_000;
const image = imageOf([[{ name: 'file', body: noise(SIZE) }]]);
const layer = layerOf(image);
const directory = mkdtempSync(join(tmpdir(), 'wherry-registry-'));
const closing: (() => Promise<unknown> | unknown)[] = [];
afterAll(() => rmSync(directory, { recursive: true, force: true }));
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function client(host: string, options: Partial<RegistryOptions> = {}, path = 'a/b'): RepositoryClient {
  const made = new RepositoryClient(
    { domain: host, path },
    {
      env: { HOME: directory, REGISTRY_AUTH_FILE: join(directory, 'none.json') },
      uid: 0,
      retry: { attempts: 5, firstMs: 1, longestMs: 2 },
      ...options,
    },
  );
  closing.push(() => made.close());
  return made;
}

async function registry(options: FaultyRegistryOptions = {}, ...rules: Rule[]): Promise<FaultyRegistry> {
  const made = await FaultyRegistry.start({ images: { 'a/b': image }, rules, ...options });
  closing.push(() => made.stop());
  return made;
}

async function download(
  from: RepositoryClient,
  offset = 0,
  onRetry?: (why: string) => void,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of from.blob(layer, { offset, ...(onRetry ? { onRetry } : {}) })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a good registry', () => {
  it('gives manifests by tag and by digest, their digest by HEAD, tags and blobs', async () => {
    const from = client((await registry()).host);
    const digest = image.tags.get('latest')?.digest ?? '';
    const manifest = await from.manifest('latest');
    expect(manifest).toMatchObject({ digest, mediaType: 'application/vnd.oci.image.manifest.v1+json' });
    expect(manifest.data).toEqual(image.blob(digest));
    expect((await from.manifest(digest)).data).toEqual(manifest.data);
    expect(await from.manifestDigest('latest')).toBe(digest);
    expect(await from.tags()).toEqual(['latest']);
    expect(await download(from)).toEqual(image.blob(layer.digest));
    expect(await download(from, 1000)).toEqual(image.blob(layer.digest).subarray(1000));
  });

  it('says in Docker’s words what is not there', async () => {
    const { host } = await registry();
    await expect(client(host).manifest('none')).rejects.toMatchObject({
      code: 'E_MANIFEST_NOT_FOUND',
      message: `manifest for ${host}/a/b:none not found: manifest unknown.`,
    });
    await expect(client(host, {}, 'no/such').manifest('latest')).rejects.toMatchObject({
      code: 'E_MANIFEST_NOT_FOUND',
      message: `repository ${host}/no/such not found: repository name not known to registry.`,
    });
    expect(await client(host).manifestDigest('none')).toBeUndefined();
  });
});

describe('failures that pass', () => {
  it.each<Rule>([
    { on: 'blob', kind: 'cut', after: 50_000, times: 3 },
    { on: 'blob', kind: 'hang-up', times: 2 },
    { on: 'blob', kind: 'answer', status: 503, times: 2 },
    { on: 'blob', kind: 'answer', status: 429, headers: { 'retry-after': '0' }, times: 4 },
  ])('a blob in spite of %o', async (rule) => {
    const faulty = await registry({}, rule);
    const retries: string[] = [];
    const data = await download(client(faulty.host), 0, (why) => retries.push(why));
    expect(data).toEqual(image.blob(layer.digest));
    expect(retries).toHaveLength(rule.times ?? 0);
  });

  it.each<Rule>([
    { on: 'manifest', kind: 'cut', after: 10, times: 1 },
    { on: 'manifest', kind: 'hang-up', times: 2 },
    { on: 'manifest', kind: 'answer', status: 500, times: 2 },
  ])('a manifest in spite of %o', async (rule) => {
    const faulty = await registry({}, rule);
    expect((await client(faulty.host).manifest('latest')).digest).toBe(image.tags.get('latest')?.digest);
  });

  it('goes on after a cut where it stopped, when the registry knows ranges', async () => {
    const data = image.blob(layer.digest);
    const ranges: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      ranges.push(request.headers.range);
      const from = Number(/(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const headers =
        from === 0 ? {} : { 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` };
      response.writeHead(from === 0 ? 200 : 206, { ...headers, 'content-length': data.length - from });
      const cut = ranges.length < 3 ? 60_000 : data.length;
      response.write(data.subarray(from, from + cut), () =>
        cut < data.length ? request.socket.destroy() : response.end(),
      );
    });
    const host = await listen(server);
    expect(await download(client(host))).toEqual(data);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true);
  });
});

describe('failures that stay', () => {
  const expectFailure = async (rules: Rule[], code: string, sentence: RegExp, what: 'manifest' | 'blob') => {
    const faulty = await registry({}, ...rules);
    const from = client(faulty.host);
    const attempt = what === 'manifest' ? from.manifest('latest') : download(from);
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
    return faulty;
  };

  it('a registry that is down', async () => {
    const host = await refusingHost();
    await expect(client(host).manifest('latest')).rejects.toMatchObject({
      code: 'E_REGISTRY_UNREACHABLE',
      message: `Registry ${host} can't be reached while reading the manifest of ${host}/a/b:latest: the connection was refused.`,
    });
  });
  it('a cut every time, after a bounded number of tries', async () => {
    const faulty = await expectFailure(
      [{ on: 'blob', kind: 'cut', after: 1000 }],
      'E_REGISTRY_UNREACHABLE',
      /reading layer [0-9a-f]{12}: the connection was cut/,
      'blob',
    );
    expect(faulty.requests).toHaveLength(5);
  });
  it('a server that is always ill', () =>
    expectFailure(
      [{ on: 'manifest', kind: 'answer', status: 502 }],
      'E_REGISTRY_REPLY',
      /status 502/,
      'manifest',
    ));
  it('a connection that falls silent', async () => {
    const faulty = await registry({}, { on: 'blob', kind: 'stall', after: 100 });
    const retry = { attempts: 1, firstMs: 1, longestMs: 1 };
    await expect(download(client(faulty.host, { retry, silenceTimeoutMs: 50 }))).rejects.toMatchObject({
      code: 'E_REGISTRY_UNREACHABLE',
      message: expect.stringContaining('it stopped sending'),
    });
  });
  it('a rate limit', () =>
    expectFailure(
      [{ on: 'manifest', kind: 'answer', status: 429, headers: { 'retry-after': '3600' } }],
      'E_REGISTRY_RATE_LIMIT',
      /rate limit/,
      'manifest',
    ));
  it('a manifest of more than 4 MiB', async () => {
    const faulty = await registry({ images: { 'a/b': hugeManifest(5 << 20) } });
    await expect(client(faulty.host).manifest('latest')).rejects.toMatchObject({
      code: 'E_REGISTRY_REPLY',
      message: expect.stringContaining('more than 4 MiB'),
    });
  });
  it('a manifest with another digest than the registry says, or than was asked for', async () => {
    const { host } = await registry({}, { on: 'manifest', kind: 'corrupt' });
    const code = 'E_DIGEST_MISMATCH';
    await expect(client(host).manifest('latest')).rejects.toMatchObject({ code });
    await expect(client(host).manifest(image.tags.get('latest')?.digest ?? '')).rejects.toMatchObject({
      code,
    });
  });
  it('a blob of another length', () =>
    expectFailure(
      [{ on: 'blob', kind: 'answer', status: 200, body: 'short' }],
      'E_REGISTRY_REPLY',
      /fewer bytes/,
      'blob',
    ));
  it('a blob that is not there', () =>
    expectFailure(
      [{ on: 'blob', kind: 'answer', status: 404 }],
      'E_REGISTRY_REPLY',
      /does not have layer/,
      'blob',
    ));
  it('redirects without end', () =>
    expectFailure(
      [{ on: 'manifest', kind: 'answer', status: 307, headers: { location: '' } }],
      'E_REGISTRY_REPLY',
      /status 307|redirects/,
      'manifest',
    ));
  it('something that speaks no HTTP', async () => {
    const server = createTcpServer((socket) =>
      socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
    );
    const host = await listen(server);
    await expect(client(host).manifest('latest')).rejects.toMatchObject({ code: 'E_REGISTRY_REPLY' });
  });
  it('an abort ends a download at once', async () => {
    const faulty = await registry({}, { on: 'blob', kind: 'stall', after: 100 });
    const abort = new AbortController();
    const attempt = download(client(faulty.host, { signal: abort.signal }));
    await faulty.stalled();
    abort.abort();
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('insecure registries', () => {
  it('are tried by HTTPS, then by HTTP', async () => {
    const { host } = await registry();
    const from = client(host, { insecureRegistries: [host] });
    expect((await from.manifest('latest')).digest).toBe(image.tags.get('latest')?.digest);
  });
});

describe('authentication', () => {
  const credentials = (host: string, username: string, password: string) => {
    const file = join(directory, 'auth.json');
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    writeFileSync(file, JSON.stringify({ auths: { [host]: { auth } } }));
    return { env: { HOME: directory, REGISTRY_AUTH_FILE: file } };
  };
  const user = { username: 'ann', password: 'secret:word' };

  it('gets an anonymous token once and uses it for all', async () => {
    const faulty = await registry({ authentication: { scheme: 'bearer' } });
    const from = client(faulty.host);
    await from.manifest('latest');
    await Promise.all([download(from), download(from)]);
    expect(faulty.requests.filter(({ endpoint }) => endpoint === 'token')).toHaveLength(1);
  });
  it('gets a token as a user', async () => {
    const faulty = await registry({ authentication: { scheme: 'bearer', user } });
    const from = client(faulty.host, credentials(faulty.host, user.username, user.password));
    expect(await download(from)).toEqual(image.blob(layer.digest));
  });
  it('logs in by basic authentication', async () => {
    const faulty = await registry({ authentication: { scheme: 'basic', user } });
    const from = client(faulty.host, credentials(faulty.host, user.username, user.password));
    expect(await download(from)).toEqual(image.blob(layer.digest));
  });
  it.each(['bearer', 'basic'] as const)(
    'refuses clearly a wrong password and none at all: %s',
    async (scheme) => {
      const faulty = await registry({ authentication: { scheme, user } });
      const wrong = client(faulty.host, credentials(faulty.host, user.username, 'wrong'));
      const expected = { code: 'E_REGISTRY_AUTH', message: expect.stringMatching(/denied.*log in/) };
      await expect(wrong.manifest('latest')).rejects.toMatchObject(expected);
      await expect(client(faulty.host).manifest('latest')).rejects.toMatchObject(expected);
    },
  );
  it('gives up on a registry that takes no token', async () => {
    const faulty = await registry({ authentication: { scheme: 'bearer-loop' } });
    await expect(client(faulty.host).manifest('latest')).rejects.toMatchObject({ code: 'E_REGISTRY_AUTH' });
    expect(faulty.requests.length).toBeLessThan(10);
  });
  it('does not carry credentials to another host', async () => {
    const other = await registry();
    const faulty = await registry({ authentication: { scheme: 'basic', user } });
    const location = `http://${other.host.replace('127.0.0.1', 'localhost')}/v2/a/b/blobs/${layer.digest}`;
    const server = createServer((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else {
        response.writeHead(307, { location }).end();
      }
    });
    const host = await listen(server);
    expect(faulty.host).not.toBe(host);
    const from = client(host, credentials(host, user.username, user.password));
    expect(await download(from)).toEqual(image.blob(layer.digest));
    expect(other.requests.at(-1)?.headers.authorization).toBeUndefined();
  });
});

async function listen(server: Server | ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function layerOf(store: ImageStore): Descriptor {
  const digest = store.tags.get('latest')?.digest ?? '';
  const { layers }: { layers: Descriptor[] } = JSON.parse(store.blob(digest).toString());
  const [first] = layers;
  if (first === undefined) throw new Error('This image has no layer.');
  return first;
}

/** Bytes that don't compress, the same in every run. */
function noise(length: number): Buffer {
  const data = Buffer.alloc(length);
  let state = 88172645;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    data[index] = state >>> 24;
  }
  return data;
}
