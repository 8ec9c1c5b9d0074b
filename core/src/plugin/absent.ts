import type { DriverKind } from './contract.ts';

/** Drivers that people know from Docker and that aren't here: why, or what to use. Sentences. */
const ABSENT: Readonly<Record<DriverKind, Readonly<Record<string, string>>>> = {
  storage: {
    overlay2: 'It is called overlay here.',
    'fuse-overlayfs': 'The kernel’s overlay needs no help here; where it is refused, vfs works.',
    devicemapper: 'It maps block devices, which takes root; Docker has given it up, too.',
    btrfs: 'On btrfs, vfs copies by reference, which takes as little room.',
    zfs: 'Its snapshots take root.',
  },
  network: {
    macvlan: 'It puts containers on the machine’s own link, which takes root; -p publishes ports.',
    ipvlan: 'It puts containers on the machine’s own link, which takes root; -p publishes ports.',
    overlay: 'It joins the machines of a swarm, and there is none.',
  },
  log: {
    awslogs: 'Send to a forwarder on this machine, by fluentd or syslog.',
    gcplogs: 'Send to a forwarder on this machine, by fluentd or syslog.',
    splunk: 'Send to a forwarder on this machine, by fluentd or syslog.',
    etwlogs: 'It is for Windows.',
  },
};

/** Why a driver of Docker's isn't there, with what to do; undefined when nobody is known to expect it. */
export function whyAbsent(kind: DriverKind, name: string): string | undefined {
  return Object.hasOwn(ABSENT[kind], name) ? ABSENT[kind][name] : undefined;
}
