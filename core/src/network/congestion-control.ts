import { readFileSync } from 'node:fs';

/** Those that send by a clock. */
const PACING = /^bbr/;

/**
 * What connections of a container use instead of the host's default; undefined for the same. They all end on this machine: at
 * another program of it, or at the uplink, which makes connections of its own outside. Pacing holds them back for nothing, to
 * half and less of the throughput. reno is in every kernel, and the one that each namespace may have (ip-sysctl.rst,
 * `tcp_congestion_control`).
 */
export function congestionControl(hostDefault: string): string | undefined {
  return PACING.test(hostDefault) ? 'reno' : undefined;
}

/** `net.ipv4.tcp_congestion_control` of this process's network namespace; empty when it can't be read. */
export function hostCongestionControl(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'latin1').trim();
  } catch {
    return '';
  }
}
