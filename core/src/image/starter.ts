import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { PullRequest } from '../api.ts';
import { sha256 } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';
import { formatReference } from '../reference/reference.ts';
import { MANIFEST_TYPES } from '../registry/media-type.ts';
import { Lease } from '../store/lease.ts';
import { ownPlatform } from './platform.ts';
import type { PullContext, Pulled } from './pull.ts';
import { pullLayers } from './pull-layers.ts';
import { STARTER } from './starter-name.ts';
import { ImageTable } from './table.ts';

const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
/** The image is the same wherever it is made, so it has no time of its own. */
const CREATED = '2024-01-01T00:00:00Z';
const VERSION = '1';
const TOOLS = 'cat echo env false hostname id ip ls mount ps pwd sleep true uname'.split(' ');

const OS_RELEASE = `ID=wherry-starter
NAME="Wherry starter image"
PRETTY_NAME="Wherry starter image ${VERSION}"
VERSION_ID="${VERSION}"
`;
const PASSWD = 'root:x:0:0:root:/:/bin/toolbox\nnobody:x:65534:65534:nobody:/:/bin/toolbox\n';
const GROUP = 'root:x:0:\nnobody:x:65534:\n';

/**
 * Makes the image `wherry/hello` of the programs that come with Wherry, without a network, and puts it into the store as if it had
 * been pulled. @param programs directory with `hello` and `toolbox`
 */
export async function makeStarter(
  { store, blobs, layers: layerStore }: PullContext,
  programs: string,
  { onEvent, signal }: PullRequest,
): Promise<Pulled> {
  const emit = onEvent ?? (() => undefined);
  const name = 'wherry/hello:latest';
  emit({ kind: 'resolving', reference: 'wherry/hello', tag: 'latest' });
  const tar = await starterTar(programs);
  const layer = gzipSync(tar, { level: 9 });
  const platform = ownPlatform();
  const config = Buffer.from(JSON.stringify(configOf(platform, sha256(tar))));
  const record = {
    chainId: sha256(tar),
    diffId: sha256(tar),
    blob: sha256(layer),
    mediaType: LAYER_TYPE,
    size: layer.length,
  };
  const id = sha256(config);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPES.ociManifest,
      config: { mediaType: CONFIG_TYPE, digest: id, size: config.length },
      layers: [{ mediaType: LAYER_TYPE, digest: record.blob, size: layer.length }],
    }),
  );
  const descriptor = {
    digest: sha256(manifest),
    mediaType: MANIFEST_TYPES.ociManifest,
    size: manifest.length,
  };
  using lease = new Lease(store.database);
  lease.hold('blob', [id, record.blob, descriptor.digest]);
  lease.hold('layer', [record.chainId]);
  const table = new ImageTable(store.database);
  const known = table.byName({ ...STARTER, tag: 'latest' })?.image === id;
  const size = await pullLayers({
    layers: [record],
    blobs,
    store: layerStore,
    lease,
    download: async function* () {
      yield layer;
    },
    signal,
    emit,
  });
  await blobs.write(id, config);
  await blobs.write(descriptor.digest, manifest);
  await blobs.syncNames();
  table.put(
    {
      id,
      manifest: descriptor,
      platform,
      created: CREATED,
      config: configOf(platform, record.diffId).config,
      layers: [record],
      size,
    },
    { ...STARTER, tag: 'latest' },
    descriptor.digest,
  );
  emit({
    kind: 'pulled',
    reference: name,
    digest: descriptor.digest,
    status: known ? 'up-to-date' : 'downloaded',
  });
  return { id, digest: descriptor.digest, reference: formatReference({ ...STARTER, tag: 'latest' }) };
}

function configOf(platform: { os: string; architecture: string; variant?: string }, diffId: string) {
  return {
    created: CREATED,
    ...platform,
    config: {
      Env: ['PATH=/bin'],
      Cmd: ['/hello'],
      WorkingDir: '/',
      Labels: {
        'org.opencontainers.image.title': 'wherry/hello',
        'org.opencontainers.image.description': 'The image that Wherry makes of what it carries with it',
        'org.opencontainers.image.version': VERSION,
      },
    },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [
      { created: CREATED, created_by: 'wherry', comment: 'made from the programs that Wherry carries' },
    ],
  };
}

/** The same bytes for the same programs: fixed order, owners and times. */
async function starterTar(programs: string): Promise<Buffer> {
  const [hello, toolbox] = await Promise.all([
    readProgram(programs, 'hello'),
    readProgram(programs, 'toolbox'),
  ]);
  const tar = pack();
  const common = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(CREATED) };
  const directory = (name: string, mode = 0o755) => tar.entry({ ...common, name, type: 'directory', mode });
  const file = (name: string, data: Buffer | string, mode = 0o644) =>
    tar.entry({ ...common, name, type: 'file', mode }, data);
  directory('bin');
  file('bin/toolbox', toolbox, 0o755);
  for (const tool of TOOLS) {
    tar.entry({ ...common, name: `bin/${tool}`, type: 'symlink', linkname: 'toolbox', mode: 0o777 });
  }
  directory('dev');
  directory('etc');
  file('etc/group', GROUP);
  file('etc/os-release', OS_RELEASE);
  file('etc/passwd', PASSWD);
  file('hello', hello, 0o755);
  directory('proc');
  directory('sys');
  directory('tmp', 0o1777);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readProgram(directory: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(directory, name));
  } catch (cause) {
    throw new WherryError(
      `The program ${name} of the starter image is missing from this installation of Wherry.`,
      {
        code: 'E_STARTER_MISSING',
        hint: 'Install Wherry again; in a checkout, run: npm run build',
        cause,
      },
    );
  }
}
