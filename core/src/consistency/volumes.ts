import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerContext } from '../container/context.ts';
import { timestamp } from '../container/time.ts';
import { makeVolumeDirectory, takenAway } from '../volume/directory.ts';
import { volumeSource } from '../volume/options.ts';
import type { Fault, Findings } from './fault.ts';

/** Volumes have their directories, directories are of volumes, and containers name volumes that there are. */
export function checkVolumes(context: ContainerContext): Findings {
  const { store, volumes, machine } = context;
  // Before the rows are read: a directory is made within the transaction that adds the row.
  const directories = readdirSync(store.paths.volumes).filter((name) => !name.startsWith('.'));
  const removed = takenAway(store);
  const rows = volumes.table.all();
  const names = new Set(rows.map(({ name }) => name));
  const used = [...volumes.table.useCounts().keys()];
  const lost = rows.filter(
    ({ name, options }) =>
      volumeSource(options).kind === 'directory' && !existsSync(store.paths.volume(name)),
  );
  const record = (name: string, anonymous: boolean) =>
    volumes.table.insert({ name, created: timestamp(), anonymous, labels: {}, options: {} });
  const faults: Fault[] = [
    ...lost.map(({ name }) =>
      fault(name, `The volume ${name} has lost its files.`, async () => {
        makeVolumeDirectory(store, name, machine.mappedRoot);
        return 'It is there again, and empty.';
      }),
    ),
    ...used
      .filter((name) => !names.has(name))
      .map((name) =>
        fault(name, `A container uses the volume ${name}, which is not recorded.`, async () => {
          record(name, /^[0-9a-f]{64}$/.test(name));
          makeVolumeDirectory(store, name, machine.mappedRoot);
          return 'It has been recorded.';
        }),
      ),
    ...directories
      .filter((name) => !names.has(name) && !used.includes(name))
      .map((name) =>
        fault(
          name,
          `The directory ${join(store.paths.volumes, name)} is of no volume.`,
          // Somebody's data: brought to light rather than removed.
          existsSync(store.paths.volume(name))
            ? async () => {
                record(name, false);
                return `It is the volume ${name} now.`;
              }
            : undefined,
        ),
      ),
    ...removed.map((path) => ({
      kind: 'leftover' as const,
      subject: path,
      message: `The directory ${path} is of a volume whose removal was cut off.`,
      mend: async () => {
        await volumes.removeTrees([path]);
        return 'It has been removed.';
      },
    })),
  ];
  return { count: rows.length, faults };
}

function fault(name: string, message: string, mend?: () => Promise<string>): Fault {
  return { kind: 'volume', subject: name, message, ...(mend && { mend }) };
}
