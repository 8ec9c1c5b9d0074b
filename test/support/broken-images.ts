import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { ImageStore, type Layer, layer, MEDIA_TYPES, sha256 } from './image-store.ts';
import { type TarEntry, tar } from './tar.ts';

/**
 * Layers that reach out of the root file system. Each tries to bring about a file called ESCAPED_NAME: in a parent of
 * the root, or at the place on the host that the caller names. None may, nor may a file outside be changed.
 */
export const ESCAPED_NAME = 'wherry-escaped';

const directory = (name: string): TarEntry => ({ name: `${name}/`, type: 'directory' });
const file = (name: string): TarEntry => ({ name, body: 'escaped\n' });
const symlink = (name: string, linkname: string): TarEntry => ({
  name,
  type: 'symlink',
  linkname,
  mode: 0o777,
});
const hardlink = (name: string, linkname: string): TarEntry => ({ name, type: 'hardlink', linkname });
const UP = '../'.repeat(24);

/** Entries by name of the trick; a list of lists is several layers. `outside` is an absolute directory on the host. */
export function climbingLayers(outside: string): Readonly<Record<string, readonly (readonly TarEntry[])[]>> {
  const target = `${outside}/${ESCAPED_NAME}`;
  const up = `${UP}${target.slice(1)}`;
  return {
    'a name with ..': [[file(`../${ESCAPED_NAME}`)]],
    'a name that climbs to the host': [[file(up)]],
    'a name with .. in the middle': [[directory('a'), file(`a/../../${ESCAPED_NAME}`)]],
    'an absolute name': [[file(target)]],
    'a write through an absolute symlink': [[symlink('out', outside), file(`out/${ESCAPED_NAME}`)]],
    'a write through a relative symlink': [
      [symlink('out', `${UP}${outside.slice(1)}`), file(`out/${ESCAPED_NAME}`)],
    ],
    'a write through a symlink of a lower layer': [[symlink('out', outside)], [file(`out/${ESCAPED_NAME}`)]],
    'a file over a symlink to a file': [[symlink('out', target), file('out')]],
    'a write through links through links': [
      [
        symlink('one', '..'),
        symlink('two', `one/${UP}`),
        symlink('three', `two${outside}`),
        file(`three/${ESCAPED_NAME}`),
      ],
    ],
    'a hard link to an absolute path': [[hardlink('stolen', '/etc/passwd')]],
    'a hard link that climbs': [[hardlink('stolen', `${UP}etc/passwd`)]],
    'a hard link through a symlink': [
      [symlink('etc-of-host', '/etc'), hardlink('stolen', 'etc-of-host/passwd')],
    ],
    'a hard link made outside': [[file('inside'), hardlink(`../${ESCAPED_NAME}`, 'inside')]],
    'a symlink made outside': [[symlink(`../${ESCAPED_NAME}`, '/etc/passwd')]],
    'a directory made outside': [[directory(`../${ESCAPED_NAME}`)]],
    'a directory over a symlink, then a write': [
      [symlink('out', outside), directory('out'), file(`out/${ESCAPED_NAME}`)],
    ],
    'a whiteout that climbs': [[{ name: `${UP}${outside.slice(1)}/.wh.victim`, body: '' }]],
    'a whiteout through a symlink': [[symlink('out', outside)], [{ name: 'out/.wh.victim', body: '' }]],
    'an opaque marker through a symlink': [
      [symlink('out', outside)],
      [{ name: 'out/.wh..wh..opq', body: '' }],
    ],
    'a whiteout of the parent': [[{ name: '.wh...', body: '' }]],
    'a whiteout of the directory itself': [[directory('a'), { name: 'a/.wh..', body: '' }]],
    'a device node of the host disk': [[{ name: 'disk', type: 'block', device: [254, 0], mode: 0o666 }]],
  };
}

/** An image whose one tag, `latest`, has these layers over the given ones. */
export function imageOf(layers: readonly (readonly TarEntry[])[], base: readonly Layer[] = []): ImageStore {
  return withLayers([...base, ...layers.map((entries) => layer(tar(entries)))]);
}

/** A gzip layer whose stream ends early; the descriptor's digest and size are of what is there. */
export function truncatedGzip(): ImageStore {
  const whole = layer(tar([{ name: 'file', body: noise(64 << 10) }]));
  return withLayers([{ ...whole, blob: whole.blob.subarray(0, whole.blob.length >> 1) }]);
}

/** A tar that ends in the middle of a file, compressed properly. */
export function truncatedTar(): ImageStore {
  return withLayers([layer(tar([{ name: 'file', body: noise(64 << 10) }]).subarray(0, 20_000))]);
}

/** A layer that is neither tar nor what its media type says it is compressed with. */
export function garbageLayer(): ImageStore {
  const blob = noise(10_000);
  return withLayers([{ blob, diffId: sha256(blob), compression: 'gzip' }]);
}

/** A tar with a wrong header checksum after a good member. */
export function corruptTar(): ImageStore {
  const data = tar([
    { name: 'good', body: 'good\n' },
    { name: 'bad', body: 'bad\n' },
  ]);
  data.write('zzz', 1024, 'latin1');
  return withLayers([layer(data)]);
}

/** A layer of about `bytes` zeros in a thousandth of that, in one file. */
export function gzipBomb(bytes: number): ImageStore {
  const head = tar([{ name: 'bomb', body: '' }]).subarray(0, 512);
  head.write(bytes.toString(8).padStart(11, '0'), 124, 'latin1');
  head.fill(' ', 148, 156);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  // Concatenated gzip members are one stream (RFC 1952, 2.2), so the zeros need not exist in memory.
  const chunk = 16 << 20;
  const member = gzipSync(Buffer.alloc(chunk));
  const full = Math.floor(bytes / chunk);
  const rest = gzipSync(Buffer.alloc((bytes % chunk) + ((512 - (bytes % 512)) % 512) + 1024));
  const blob = Buffer.concat([gzipSync(head), ...Array.from({ length: full }, () => member), rest]);
  return withLayers([{ blob, diffId: sha256('unknown'), compression: 'gzip' }]);
}

/** A layer that is whole but whose uncompressed digest isn't the one that the config names. */
export function wrongDiffId(): ImageStore {
  return withLayers([{ ...layer(tar([{ name: 'file' }])), diffId: sha256('another tar') }]);
}

/** A manifest of a media type that isn't an image's. */
export function wrongManifestType(): ImageStore {
  const store = new ImageStore();
  const manifest = { schemaVersion: 2, mediaType: 'application/vnd.example.thing.v1+json', things: [] };
  return store.tag('latest', store.addJson('application/vnd.example.thing.v1+json', manifest));
}

/** Docker's schema 1, which registries no longer serve and engines no longer take. */
export function schema1Manifest(): ImageStore {
  const store = new ImageStore();
  const manifest = {
    schemaVersion: 1,
    name: 'old',
    tag: 'latest',
    architecture: 'amd64',
    fsLayers: [],
    history: [],
  };
  return store.tag(
    'latest',
    store.addJson('application/vnd.docker.distribution.manifest.v1+prettyjws', manifest),
  );
}

/** A manifest that is well-formed and `bytes` long (distribution-spec allows refusing beyond 4 MiB). */
export function hugeManifest(bytes: number): ImageStore {
  const store = imageOf([[{ name: 'file' }]]);
  const { digest } = store.tags.get('latest') ?? { digest: '' };
  const text = store.blob(digest).toString();
  const padding = ' '.repeat(Math.max(0, bytes - text.length));
  const data = Buffer.from(text.replace('{', `{${padding}`));
  return store.tag('latest', store.addBlob(MEDIA_TYPES.oci.manifest, data));
}

/** A manifest that isn't JSON, or is JSON of another shape, under an image's media type. */
export function malformedManifest(text: string): ImageStore {
  const store = new ImageStore();
  return store.tag('latest', store.addBlob(MEDIA_TYPES.oci.manifest, Buffer.from(text)));
}

/** A manifest that names a layer which the registry doesn't have. */
export function missingLayer(): ImageStore {
  const lost = layer(tar([{ name: 'lost' }]));
  const store = withLayers([layer(tar([{ name: 'there' }])), lost]);
  store.blobs.delete(sha256(lost.blob));
  return store;
}

function withLayers(layers: readonly Layer[]): ImageStore {
  const store = new ImageStore();
  return store.tag('latest', store.addImage({ layers, config: { Cmd: ['/bin/sh'] } }));
}

/** Bytes that don't compress, the same in every run (xorshift32). */
function noise(length: number): Buffer {
  const data = Buffer.alloc(length);
  let state = 2463534242;
  for (let index = 0; index < length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    data[index] = state & 0xff;
  }
  return data;
}
