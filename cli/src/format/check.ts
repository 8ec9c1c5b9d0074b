import type { CheckReport } from '@wherry/core/api';

/** A line for each fault, with what was done about it, and one that sums up. */
export function checkText({ checked, faults, unread }: CheckReport): string {
  const lines = faults.map(({ message, outcome }) =>
    outcome === undefined ? message : `${message} ${outcome}`,
  );
  return [...lines, ...given(unread), summary(checked, faults)].join('\n');
}

function given(unread: number): readonly string[] {
  if (unread === 0) return [];
  const them = unread === 1 ? 'One unpacked layer' : `${unread} unpacked layers`;
  return [`${them} could not be compared with what came from the registry, as that is not here.`];
}

function summary(checked: CheckReport['checked'], faults: CheckReport['faults']): string {
  const { blobs, images, layers, containers, volumes } = checked;
  const looked = [
    counted(images, 'image'),
    counted(blobs, 'blob'),
    counted(layers, 'layer'),
    counted(containers, 'container'),
    counted(volumes, 'volume'),
  ].join(', ');
  const leftovers = faults.filter(({ kind }) => kind === 'leftover').length;
  const wrong = faults.length - leftovers;
  const mended = faults.filter((fault) => fault.mended === true).length;
  const found = [
    wrong === 0 ? 'nothing is wrong' : counted(wrong, 'fault'),
    ...(leftovers === 0 ? [] : [`${counted(leftovers, 'leftover')} of commands that were killed`]),
    ...(mended === 0 ? [] : [`${mended} mended`]),
  ].join(', ');
  return `${looked}: ${found}.`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
