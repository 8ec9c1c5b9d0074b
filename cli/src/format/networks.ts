import type { NetworkSummary } from '@wherry/core/api';
import { WherryError } from '@wherry/core/errors';
import { anyOf, type Filters, labelsFit, parseFilters } from './filter.ts';
import type { ListFormat } from './list.ts';

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
    IPv6: String(network.ipv6),
    Internal: String(network.internal),
    Labels: Object.entries(network.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key: string) => network.labels[key] ?? '',
    CreatedAt: network.created,
  }),
};

/** `network ls --filter`. @throws WherryError `E_FILTER` */
export function filterNetworks(all: readonly NetworkSummary[], words: readonly string[]): NetworkSummary[] {
  const filters = parseFilters(words, ['driver', 'id', 'label', 'name', 'scope', 'type']);
  for (const type of filters.get('type') ?? []) {
    if (type !== 'custom' && type !== 'builtin')
      throw invalid(`type=${type}`, 'Write type=custom or type=builtin.');
  }
  return all.filter(
    (each) =>
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
  const filters = parseFilters(words, ['label', 'label!', 'until']);
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
