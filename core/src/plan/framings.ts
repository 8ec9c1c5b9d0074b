import type { Framing } from '../plugin/contract.ts';

/** Framings that the launcher's monitor writes. */
export const FRAMINGS: readonly Framing[] = [
  'docker-json',
  'cri',
  'raw',
  'binary',
  'syslog-rfc3164',
  'syslog-rfc5424',
  'journald',
  'gelf',
  'fluentd',
];
