import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runDetached } from '../launcher/run.ts';
import { encodeProgram } from '../program/encode.ts';
import type { ContainerContext } from './context.ts';
import { imageRoot, imageView } from './image-view.ts';
import { prepareMounts, startMounts } from './mounts.ts';
import { holderDirectory, namespaceSettings } from './program.ts';
import { giveToRoot } from './roots.ts';
import { sureLayers } from './sure-layers.ts';

/**
 * Fills the volumes of a container that has never run, as its start would, before another container takes them over
 * (`--volumes-from`): a container that only holds data needn't ever run.
 */
export async function fillVolumes(context: ContainerContext, id: string): Promise<void> {
  const { store, machine, table, launcher } = context;
  const row = table.get(id);
  const spec = table.spec(id);
  if (row === undefined || spec === undefined || row.startedAt !== undefined || row.state === 'started')
    return;
  const { fill } = startMounts(
    context,
    row,
    { ...spec, mounts: spec.mounts.filter(fillable) },
    {
      owner: undefined,
      image: () => {
        throw new Error('an image is not filled');
      },
    },
  );
  if (fill.length === 0) return;
  await sureLayers(context, spec);
  const directory = store.temporary.path();
  const root = imageRoot(
    join(directory, 'rootfs'),
    imageView(context, await context.drivers(), spec.storageDriver, spec.topLayer),
  );
  if (root === undefined) return;
  prepareMounts(context, { mounts: spec.mounts.filter(fillable) });
  for (const path of [directory, join(directory, 'rootfs')]) {
    mkdirSync(path, { mode: 0o755 });
    giveToRoot(machine, path);
  }
  const program = join(directory, 'program');
  const { runtime } = store.paths;
  writeFileSync(
    program,
    encodeProgram({
      settings: [
        { op: 'directory', path: directory },
        ...namespaceSettings(machine.idmap, holderDirectory(runtime())),
        { op: 'namespace', kind: 'mount' },
        { op: 'stdin', mode: 'none' },
      ],
      prepare: [],
      // Something has to be executed in the end; the host's tree is still there, and the launcher in it.
      container: [root, ...fill, { op: 'arguments', argv: [launcher(), 'version'] }, { op: 'execute' }],
      cleanup: [],
    }),
    { mode: 0o600 },
  );
  try {
    await runDetached(launcher(), program, 'version');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const fillable = (mount: { readonly kind: string }): boolean => mount.kind === 'volume';
