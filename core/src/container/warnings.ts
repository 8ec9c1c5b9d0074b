import type { CreateRequest } from '../api.ts';
import { unpublishable } from '../network/ports.ts';
import { cgroupOf, limitWarnings } from './cgroup.ts';
import type { ContainerContext } from './context.ts';
import { deviceWarnings } from './device-flag.ts';
import { legacyWarnings } from './legacy-cgroup.ts';
import { discardedLimits } from './limits.ts';
import { keepsGroups, NO_OPTIONS } from './options.ts';
import type { ContainerSpec } from './record.ts';
import { NOTHING_SHARED } from './sharing.ts';

/** What was asked of `create` and has no effect, or another one than one would think; one sentence each. */
export function createWarnings(
  { machine }: Pick<ContainerContext, 'machine'>,
  request: CreateRequest,
  spec: ContainerSpec,
): readonly string[] {
  const { cgroup } = machine.platform;
  const options = spec.options ?? NO_OPTIONS;
  const { pid } = options.sharing ?? NOTHING_SHARED;
  const survivors =
    pid.kind !== 'private' &&
    cgroupOf(cgroup, '', options.cgroupParent) === undefined &&
    cgroup.legacy === undefined
      ? [
          "with a PID namespace that isn't its own and without a cgroup, what the container's first process leaves running isn't ended with it.",
        ]
      : [];
  return [
    ...limitWarnings(options.limits, cgroup),
    ...legacyWarnings(cgroup, options),
    ...discardedLimits(request.options ?? {}, cgroup),
    ...deviceWarnings(options.devices ?? [], keepsGroups(options)),
    ...unpublishable(request.networking?.publishAll ?? false, spec.networking?.exposed ?? []),
    ...survivors,
  ];
}
