import { findImage } from './find.ts';
import type { ImageTable } from './table.ts';

/** An image in Docker's form (Engine API, ImageInspect). @throws WherryError `E_IMAGE_NOT_FOUND` */
export function inspectImage(table: ImageTable, text: string): Readonly<Record<string, unknown>> {
  const { image } = findImage(table, text);
  const names = table.namesOf(image.id);
  const config: Readonly<Record<string, unknown>> = JSON.parse(image.config);
  return {
    Id: image.id,
    RepoTags: names.flatMap(({ repository, tag }) => (tag === null ? [] : [`${repository}:${tag}`])),
    RepoDigests: [
      ...new Set(
        names.flatMap(({ repository, tag, digest }) => (tag === null ? [`${repository}@${digest}`] : [])),
      ),
    ],
    Parent: '',
    Comment: '',
    Created: image.created,
    DockerVersion: '',
    Author: '',
    Config: {
      Hostname: '',
      Domainname: '',
      User: '',
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: null,
      Cmd: null,
      Image: '',
      Volumes: null,
      WorkingDir: '',
      Entrypoint: null,
      OnBuild: null,
      Labels: null,
      ...config,
    },
    Architecture: image.architecture,
    ...(image.variant === null ? {} : { Variant: image.variant }),
    Os: image.os,
    Size: image.size,
    GraphDriver: { Data: null, Name: '' },
    RootFS: { Type: 'layers', Layers: table.layersOf(image.id).map(({ diffId }) => diffId) },
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
  };
}
