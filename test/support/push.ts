import type { Descriptor, ImageStore } from './image-store.ts';

/**
 * Pushes every tag of a store to one repository over plain http, byte for byte (distribution-spec,
 * "Push"). skopeo would recompress layers on the way. What the registry has already isn't sent again.
 */
export async function push(store: ImageStore, host: string, repository: string): Promise<void> {
  const base = `http://${host}/v2/${repository}`;
  for (const [tag, descriptor] of store.tags) {
    if (await hasManifest(base, tag, descriptor)) continue;
    await pushManifest(store, base, descriptor, tag);
  }
}

async function pushManifest(
  store: ImageStore,
  base: string,
  descriptor: Descriptor,
  name: string,
): Promise<void> {
  const data = store.blob(descriptor.digest);
  const manifest: { manifests?: Descriptor[]; config?: Descriptor; layers?: Descriptor[] } = JSON.parse(
    data.toString(),
  );
  for (const child of manifest.manifests ?? []) await pushManifest(store, base, child, child.digest);
  const blobs = [manifest.config, ...(manifest.layers ?? [])].filter((each) => each !== undefined);
  for (const blob of blobs) await pushBlob(store, base, blob);
  await expectOk(
    await fetch(`${base}/manifests/${name}`, {
      method: 'PUT',
      headers: { 'content-type': descriptor.mediaType },
      body: data,
    }),
  );
}

async function pushBlob(store: ImageStore, base: string, { digest }: Descriptor): Promise<void> {
  const known = await fetch(`${base}/blobs/${digest}`, { method: 'HEAD' });
  if (known.ok) return;
  const upload = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
  await expectOk(upload);
  const location = new URL(upload.headers.get('location') ?? '', base);
  location.searchParams.set('digest', digest);
  await expectOk(
    await fetch(location, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: store.blob(digest),
    }),
  );
}

async function hasManifest(base: string, tag: string, { digest, mediaType }: Descriptor): Promise<boolean> {
  const answer = await fetch(`${base}/manifests/${tag}`, { method: 'HEAD', headers: { accept: mediaType } });
  return answer.ok && answer.headers.get('docker-content-digest') === digest;
}

async function expectOk(answer: Response): Promise<void> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${text}`);
}
