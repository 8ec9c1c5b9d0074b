import type { NetworkSummary } from '@wherry/core/api';
import { WherryError } from '@wherry/core/errors';
import { anyOf, type Filters, labelsFit, PRUNE_FLAG, parseFilters } from './filter.ts';
import type { ListFormat } from './list.ts';
import { byNature } from './natural.ts';

const BUILT_IN: readonly string[] = ['bridge', 'host', 'none'];

/** Docker's name of the driver of network `none`. */
const shownDriver = ({ name, driver }: NetworkSummary): string => (name === 'none' ? 'null' : driver);

/** Docker's columns and template fields of `network ls`. */
export const NETWORK_LIST: ListFormat<NetworkSummary> = {
  columns: ['ID', 'Name', 'Driver', 'Scope'],
  headers: {
    ID: 'NETWORK ID',
    Name: 'NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    IPv4: 'IPV4',
    IPv6: 'IPV6',
    Internal: 'INTERNAL',
    Labels: 'LABELS',
    CreatedAt: 'CREATED AT',
  },
  fields: (network) => ({
    ID: network.id,
    Name: network.name,
    Driver: shownDriver(network),
    Scope: network.scope,
    IPv4: String(network.ipv4),
    IPv6: String(network.ipv6),
    Internal: String(network.internal),
    Labels: Object.entries(network.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key: string) => network.labels[key] ?? '',
    CreatedAt: exactTime(network.created),
  }),
};

/** What Go takes for a truth value. */
const YES: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const NO: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

const isDangling = ({ name, used }: NetworkSummary): boolean => !BUILT_IN.includes(name) && used === false;

/** Whether a filter asks for what has to be looked up of each network. */
export const asksForUse = (words: readonly string[]): boolean =>
  words.some((word) => word.startsWith('dangling='));

/** As Go prints a time.Time, to the nanosecond: `2026-11-21 04:29:06.841 +0000 UTC`. */
function exactTime(time: string): string {
  const [, day, clock, fraction = ''] = /^(\S+)T([\d:]+)(\.\d+)?Z$/.exec(time) ?? [];
  return day === undefined ? time : `${day} ${clock}${fraction.replace(/\.?0+$/, '')} +0000 UTC`;
}

/** `network ls --filter`, by name. @throws WherryError `E_FILTER` */
export function filterNetworks(all: readonly NetworkSummary[], words: readonly string[]): NetworkSummary[] {
  const filters = parseFilters(words, ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']);
  for (const value of filters.get('dangling') ?? []) {
    if (!YES.has(value) && !NO.has(value))
      throw invalid(`dangling=${value}`, 'Write dangling=true or dangling=false.');
  }
  for (const type of filters.get('type') ?? []) {
    if (type !== 'custom' && type !== 'builtin')
      throw invalid(`type=${type}`, 'Write type=custom or type=builtin.');
  }
  return all
    .toSorted((a, b) => byNature(a.name, b.name))
    .filter(
      (each) =>
        anyOf(filters, 'dangling', (value) => YES.has(value) === isDangling(each)) &&
        anyOf(filters, 'driver', (value) => shownDriver(each) === value) &&
        anyOf(filters, 'id', (value) => each.id.startsWith(value)) &&
        anyOf(filters, 'name', (value) => each.name.includes(value)) &&
        anyOf(filters, 'scope', (value) => each.scope === value) &&
        anyOf(filters, 'type', (value) => (value === 'builtin') === BUILT_IN.includes(each.name)) &&
        labelsFit(filters, each.labels),
    );
}

/** `network prune --filter`. @throws WherryError `E_FILTER` */
export function pruneNetworks(words: readonly string[], now: number): (network: NetworkSummary) => boolean {
  const filters = parseFilters(words, ['label', 'label!', 'until'], PRUNE_FLAG);
  const unwanted: Filters = new Map([['label', filters.get('label!') ?? []]]);
  const until = (filters.get('until') ?? []).map((text) => momentOf(text, now));
  return ({ labels, created }) =>
    labelsFit(filters, labels) &&
    !(filters.has('label!') && labelsFit(unwanted, labels)) &&
    until.every((moment) => Date.parse(created) < moment);
}

const UNITS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3 };

/** A time, or how long ago: `24h`, `1h30m`. */
function momentOf(text: string, now: number): number {
  if (/^(?:\d+[smh])+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+)([smh])/g)];
    return now - parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
  }
  const moment = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(moment)) throw invalid(`until=${text}`, 'Write a time, or how long ago: until=24h.');
  return moment;
}

function invalid(filter: string, hint: string): WherryError {
  return new WherryError(`invalid filter '${filter}'`, { code: 'E_FILTER', hint });
}
