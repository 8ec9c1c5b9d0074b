/** Media types of OCI image specification v1.1 and Docker's image manifest version 2, schema 2. */
export const MANIFEST_TYPES = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

/** What Docker's first schema goes by. It is asked for as well, so that it can be refused by its name. */
export const SCHEMA1_TYPES = [
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.distribution.manifest.v1+json',
] as const;

export const ACCEPT_MANIFESTS = Object.values(MANIFEST_TYPES).join(', ');
