import { posix } from 'node:path';
import { mountError } from './error.ts';
import type { ImageMount, Mount, VolumeMount } from './mount.ts';
import type { ImageRequest, MountRequest } from './request.ts';
import { checkTarget } from './target.ts';

export interface MergeRequest {
  /** From `-v`, `--mount` and `--tmpfs`. */
  readonly asked: readonly MountRequest[];
  /** The image's VOLUMEs. */
  readonly imageVolumes: readonly string[];
  /** The mounts of each container named by `--volumes-from`, in the order of the flags. */
  readonly inherited: readonly Inherited[];
  /** Names a volume that has no name. */
  readonly newName: () => string;
  readonly resolveImage: (request: ImageRequest) => Pick<ImageMount, 'imageId' | 'topLayer'>;
}

export interface Inherited {
  readonly mounts: readonly Mount[];
  readonly readOnly: boolean;
}

/** A volume that has to be there once the container is. */
export interface NeededVolume {
  readonly name: string;
  readonly anonymous: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

export interface Merged {
  /** In the order in which they are mounted: what lies below another comes after it. */
  readonly mounts: readonly Mount[];
  readonly volumes: readonly NeededVolume[];
}

/**
 * Settles the mounts of a container by Docker's rules: those of other containers first, replaced at the same target by what
 * is asked for; then `-v /path` and the image's VOLUMEs, wherever nothing is mounted yet.
 *
 * @throws WherryError `E_MOUNT_DUPLICATE`, `E_MOUNT_TARGET` and what `resolveImage` throws
 */
export function mergeMounts(request: MergeRequest): Merged {
  const byTarget = new Map<string, Mount>();
  const needed = new Map<string, NeededVolume>();
  for (const each of request.inherited.flatMap(inheritedMounts)) {
    byTarget.set(each.target, each);
    if (each.kind === 'volume') needed.set(each.name, neededVolume(each));
  }
  const explicit = new Set<string>();
  for (const each of request.asked) {
    if (yields(each)) continue;
    if (explicit.has(each.target)) throw duplicate(each.target);
    explicit.add(each.target);
    const mount = settle(each, request);
    byTarget.set(each.target, mount);
    if (mount.kind === 'volume' && each.kind === 'volume') {
      needed.set(mount.name, neededVolume(mount, each.labels, each.options));
    }
  }
  const targets = [
    ...request.asked.filter(yields).map(({ target }) => target),
    ...request.imageVolumes.map((path) => checkTarget(path, path)),
  ];
  for (const target of targets) {
    if (byTarget.has(target)) continue;
    const mount = anonymousMount(target, request.newName());
    byTarget.set(target, mount);
    needed.set(mount.name, neededVolume(mount));
  }
  const mounts = [...byTarget.values()].sort((a, b) => depth(a.target) - depth(b.target));
  const used = new Set(mounts.map((each) => (each.kind === 'volume' ? each.name : undefined)));
  return { mounts, volumes: [...needed.values()].filter(({ name }) => used.has(name)) };
}

const depth = (target: string): number => posix.normalize(target).split('/').length;

const yields = (each: MountRequest): boolean => each.kind === 'volume' && each.yields;

/** Content is copied up by the container that a volume was made for; a tmpfs is each container's own. */
function inheritedMounts({ mounts, readOnly }: Inherited): Mount[] {
  return mounts.flatMap((each): Mount[] => {
    const { asked: _, ...kept } = each;
    const mount = { ...kept, readOnly: each.readOnly || readOnly } as Mount;
    if (mount.kind === 'tmpfs') return [];
    return [mount.kind === 'volume' ? { ...mount, copyUp: false, chown: false } : mount];
  });
}

function settle(each: MountRequest, { newName, resolveImage }: MergeRequest): Mount {
  if (each.kind === 'image') return { ...each, ...resolveImage(each) };
  if (each.kind !== 'volume') return each;
  const { target, readOnly, copyUp, chown, mode, subpath, asked } = each;
  return {
    kind: 'volume',
    name: each.name ?? newName(),
    anonymous: each.name === undefined,
    target,
    readOnly,
    copyUp,
    chown,
    mode: mode === '' ? 'z' : mode,
    ...(subpath === undefined ? {} : { subpath }),
    ...(asked === undefined ? {} : { asked }),
  };
}

function anonymousMount(target: string, name: string): VolumeMount {
  return {
    kind: 'volume',
    name,
    anonymous: true,
    target,
    readOnly: false,
    copyUp: true,
    chown: false,
    mode: '',
  };
}

function neededVolume(
  { name, anonymous }: VolumeMount,
  labels: Readonly<Record<string, string>> = {},
  options: Readonly<Record<string, string>> = {},
): NeededVolume {
  return { name, anonymous, labels, options };
}

function duplicate(target: string): Error {
  return mountError(
    'E_MOUNT_DUPLICATE',
    `Duplicate mount point: ${target}`,
    'Give each mount a target of its own.',
  );
}
