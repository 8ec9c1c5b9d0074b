import type { Attachments, ContainerSummary } from '@wherry/core/api';
import type { ListFormat } from './list.ts';
import { ago, ellipsis, goTime, shortId } from './units.ts';

const COMMAND_LENGTH = 20;

/** Docker's columns and template fields of `ps`. */
export function containerList({
  noTrunc,
  now,
  size = false,
  sizes,
  attachments = () => ({ networks: [], mounts: [] }),
}: {
  readonly noTrunc: boolean;
  readonly now: number;
  /** Whether there is a column of sizes. */
  readonly size?: boolean;
  /** By id, where they are wanted: they take time. */
  readonly sizes?: ReadonlyMap<string, string>;
  /** Looked up for the fields that show them. */
  readonly attachments?: (id: string) => Attachments;
}): ListFormat<ContainerSummary> {
  return {
    columns: ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names', ...(size ? ['Size'] : [])],
    headers: {
      ID: 'CONTAINER ID',
      Image: 'IMAGE',
      Command: 'COMMAND',
      CreatedAt: 'CREATED AT',
      RunningFor: 'CREATED',
      Status: 'STATUS',
      State: 'STATE',
      Ports: 'PORTS',
      Names: 'NAMES',
      Labels: 'LABELS',
      Mounts: 'MOUNTS',
      LocalVolumes: 'LOCAL VOLUMES',
      Networks: 'NETWORKS',
      Platform: 'PLATFORM',
      Size: 'SIZE',
    },
    // Without a spread, whose objects take a thousand rows longer than all else here.
    fields: (each, wanted) => {
      const row = {
        ID: noTrunc ? each.id : shortId(each.id),
        Image: imageName(each, noTrunc),
        Command: wanted('Command') && quotedCommand(each.command, noTrunc),
        CreatedAt: wanted('CreatedAt') && goTime(each.created),
        RunningFor: wanted('RunningFor') && ago(each.created, now),
        Status: each.status,
        State: each.state,
        Ports: each.ports,
        Names: each.name,
        Size: sizes?.get(each.id) ?? '0B',
        Labels: wanted('Labels') && labelsText(each.labels),
        // Known for images alone.
        Platform: null,
        Label: wanted('Label') && ((name: string) => each.labels[name] ?? ''),
      };
      return wanted('Networks') ? Object.assign(row, attachedFields(attachments(each.id), noTrunc)) : row;
    },
  };
}

const MOUNT_LENGTH = 15;

function attachedFields({ networks, mounts }: Attachments, whole: boolean) {
  const named = mounts.flatMap(({ name }) => (name === '' ? [] : [name]));
  return {
    Mounts: named.map((name) => (whole ? name : ellipsis(name, MOUNT_LENGTH))).join(','),
    LocalVolumes: String(mounts.filter(({ volume }) => volume).length),
    Networks: networks
      .map(({ name }) => name)
      .toSorted()
      .join(','),
  };
}

/** A command in quotes, cut to Docker's length unless it is wanted whole. */
export function quotedCommand(command: string, whole: boolean): string {
  return JSON.stringify(whole ? command : ellipsis(command, COMMAND_LENGTH));
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** The name it was made by; an image that has only its id left shows the id, shortened. */
function imageName({ image, imageId }: ContainerSummary, noTrunc: boolean): string {
  if (image !== '' && image !== imageId) return image;
  return noTrunc ? imageId : shortId(imageId);
}
