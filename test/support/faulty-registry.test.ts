import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gzipBomb, hugeManifest, imageOf, truncatedGzip, wrongManifestType } from './broken-images.ts';
import { FaultyRegistry, type Rule, refusingHost } from './faulty-registry.ts';
import { type Descriptor, type ImageStore, MEDIA_TYPES, sha256 } from './image-store.ts';

const image = imageOf([[{ name: 'file', body: 'x'.repeat(5000) }]]);

function layerOf(store: ImageStore): Descriptor {
  const manifest: { layers: Descriptor[] } = JSON.parse(
    store.blob(store.tags.get('latest')?.digest ?? '').toString(),
  );
  const [first] = manifest.layers;
  if (first === undefined) throw new Error('This image has no layer.');
  return first;
}

const layer = layerOf(image);
const start = (...rules: Rule[]) => FaultyRegistry.start({ images: { 'a/b': image }, rules });
const blobUrl = (registry: FaultyRegistry) => `http://${registry.host}/v2/a/b/blobs/${layer.digest}`;

describe('a registry without fault', () => {
  it('serves manifests by tag and digest, and blobs', async () => {
    await using registry = await start();
    const byTag = await fetch(`http://${registry.host}/v2/a/b/manifests/latest`);
    expect(byTag.headers.get('content-type')).toBe(MEDIA_TYPES.oci.manifest);
    const body = await byTag.text();
    const digest = byTag.headers.get('docker-content-digest');
    expect(sha256(body)).toBe(digest);
    const byDigest = await fetch(`http://${registry.host}/v2/a/b/manifests/${digest}`);
    expect(await byDigest.text()).toBe(body);
    const blob = Buffer.from(await (await fetch(blobUrl(registry))).arrayBuffer());
    expect(sha256(blob)).toBe(layer.digest);
    expect(registry.requests.map(({ endpoint, status }) => `${endpoint} ${status}`)).toEqual([
      'manifest 200',
      'manifest 200',
      'blob 200',
    ]);
  });

  it.each([
    ['/v2/a/b/manifests/none', 'MANIFEST_UNKNOWN'],
    ['/v2/none/manifests/latest', 'NAME_UNKNOWN'],
    [`/v2/a/b/blobs/${sha256('none')}`, 'BLOB_UNKNOWN'],
  ])('answers 404 to %s', async (path, code) => {
    await using registry = await start();
    const answer = await fetch(`http://${registry.host}${path}`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain(code);
  });
});

describe('faults', () => {
  it('answers 500 as often as told, then properly', async () => {
    await using registry = await start({ on: 'manifest', kind: 'answer', status: 500, times: 2 });
    const url = `http://${registry.host}/v2/a/b/manifests/latest`;
    const statuses = [await fetch(url), await fetch(url), await fetch(url)].map(({ status }) => status);
    expect(statuses).toEqual([500, 500, 200]);
  });

  it('answers 429 with Retry-After', async () => {
    await using registry = await start({
      on: /./,
      kind: 'answer',
      status: 429,
      headers: { 'retry-after': '1' },
    });
    const answer = await fetch(blobUrl(registry));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
  });

  it('cuts the connection in the middle of a blob', async () => {
    await using registry = await start({ on: 'blob', kind: 'cut', after: 10 });
    const answer = await fetch(blobUrl(registry));
    expect(answer.headers.get('content-length')).toBe(String(layer.size));
    await expect(answer.arrayBuffer()).rejects.toThrow('terminated');
  });

  it('hangs up', async () => {
    await using registry = await start({ on: 'blob', kind: 'hang-up' });
    await expect(fetch(blobUrl(registry))).rejects.toThrow('fetch failed');
  });

  it('sends other bytes of the same length', async () => {
    await using registry = await start({ on: 'blob', kind: 'corrupt' });
    const blob = Buffer.from(await (await fetch(blobUrl(registry))).arrayBuffer());
    expect(blob.length).toBe(layer.size);
    expect(sha256(blob)).not.toBe(layer.digest);
  });

  it.each([100, -10])('says a Content-Length that is %d bytes off', async (delta) => {
    await using registry = await start({ on: 'blob', kind: 'content-length', delta });
    const [host, port] = registry.host.split(':');
    const socket = connect(Number(port), host);
    socket.end(`GET /v2/a/b/blobs/${layer.digest} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const answer = await text(socket.setEncoding('latin1'));
    const [head = '', body = ''] = answer.split(/\r\n\r\n(.*)/s);
    expect(head).toMatch(new RegExp(`^content-length: ${layer.size + delta}$`, 'm'));
    expect(body).toHaveLength(layer.size);
  });

  it('stalls until released', async () => {
    await using registry = await start({ on: 'blob', kind: 'stall', after: 10 });
    const download = fetch(blobUrl(registry)).then((answer) => answer.arrayBuffer());
    await registry.stalled();
    registry.release();
    expect((await download).byteLength).toBe(layer.size);
  });

  it('replaces headers', async () => {
    await using registry = await start({
      on: 'manifest',
      kind: 'headers',
      headers: { 'content-type': 'text/html' },
    });
    const answer = await fetch(`http://${registry.host}/v2/a/b/manifests/latest`);
    expect(answer.headers.get('content-type')).toBe('text/html');
  });

  it('refuses connections', async () => {
    await expect(fetch(`http://${await refusingHost()}/v2/`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
  });
});

describe('authentication', () => {
  const user = { username: 'ann', password: 'secret' };
  const basic = { authorization: `Basic ${Buffer.from('ann:secret').toString('base64')}` };

  it('by a bearer token for the scope that the challenge names', async () => {
    await using registry = await FaultyRegistry.start({
      images: { 'a/b': image },
      authentication: { scheme: 'bearer', user },
    });
    const challenge = (await fetch(blobUrl(registry))).headers.get('www-authenticate') ?? '';
    expect(challenge).toBe(
      `Bearer realm="http://${registry.host}/token",service="faulty.test",scope="repository:a/b:pull"`,
    );
    const tokens = `http://${registry.host}/token?service=faulty.test&scope=repository:a/b:pull`;
    expect((await fetch(tokens)).status).toBe(401);
    const { token } = (await (await fetch(tokens, { headers: basic })).json()) as { token: string };
    const answer = await fetch(blobUrl(registry), { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    const wrong = await fetch(blobUrl(registry), { headers: { authorization: 'Bearer wrong' } });
    expect(wrong.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('by name and password', async () => {
    await using registry = await FaultyRegistry.start({
      images: { 'a/b': image },
      authentication: { scheme: 'basic', user },
    });
    expect((await fetch(blobUrl(registry))).status).toBe(401);
    expect((await fetch(blobUrl(registry), { headers: basic })).status).toBe(200);
  });

  it('in a loop: tokens are issued and never taken', async () => {
    await using registry = await FaultyRegistry.start({
      images: { 'a/b': image },
      authentication: { scheme: 'bearer-loop' },
    });
    const { token } = (await (await fetch(`http://${registry.host}/token?scope=x`)).json()) as {
      token: string;
    };
    expect((await fetch(blobUrl(registry), { headers: { authorization: `Bearer ${token}` } })).status).toBe(
      401,
    );
  });
});

describe('broken images', () => {
  const data = (store: ImageStore) => store.blob(layerOf(store).digest);

  it('a gzip stream that ends early', () => {
    expect(() => gunzipSync(data(truncatedGzip()))).toThrow('unexpected end of file');
  });

  it('a bomb whose layer unpacks to a thousand times its size', () => {
    const bomb = data(gzipBomb(100 << 20));
    expect(bomb.length).toBeLessThan(200 << 10);
    expect(gunzipSync(bomb).length).toBe((100 << 20) + 512 + 1024);
  });

  it('a manifest of 10 MB that is still right', () => {
    const store = hugeManifest(10 << 20);
    const root = store.tags.get('latest');
    expect(root?.size).toBe(10 << 20);
    expect(JSON.parse(store.blob(root?.digest ?? '').toString()).layers).toHaveLength(1);
  });

  it('a manifest of another type', async () => {
    await using registry = await FaultyRegistry.start({ images: { x: wrongManifestType() } });
    const answer = await fetch(`http://${registry.host}/v2/x/manifests/latest`);
    expect(answer.headers.get('content-type')).toBe('application/vnd.example.thing.v1+json');
  });
});
