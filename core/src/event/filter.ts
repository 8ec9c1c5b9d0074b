import type { EngineEvent } from './event.ts';

/** Names of `events --filter`; values of one name are alternatives, but for labels. */
export const EVENT_FILTERS = [
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'plugin',
  'scope',
  'type',
  'volume',
] as const;

/** Names of filters for objects; there is no daemon, and no plugin that tells anything. */
const OBJECTS = ['container', 'daemon', 'network', 'plugin', 'volume'] as const;

export type EventFilters = ReadonlyMap<string, readonly string[]>;

/** Whether an event is wanted, by Docker's rules: ids and names by their beginnings, images and actions exactly. */
export function eventFits({ type, action, actor, attributes }: EngineEvent, filters: EventFilters): boolean {
  const any = (name: string, fits: (value: string) => boolean): boolean =>
    filters.get(name)?.some(fits) ?? true;
  const named = (kind: string): boolean =>
    any(kind, (value) => actor.startsWith(value) || (attributes.name?.startsWith(value) ?? false));
  return (
    any('event', (value) => action === value || action.startsWith(`${value}:`)) &&
    any('type', (value) => type === value) &&
    any('scope', (value) => value === 'local') &&
    OBJECTS.every(named) &&
    any('image', (value) => images(type, actor, attributes).includes(value)) &&
    (filters.get('label') ?? []).every((wanted) => hasLabel(attributes, wanted))
  );
}

function images(
  type: string,
  actor: string,
  attributes: Readonly<Record<string, string>>,
): readonly (string | undefined)[] {
  const name = type === 'container' ? attributes.image : attributes.name;
  return [actor, name, withoutTag(actor), name === undefined ? undefined : withoutTag(name)];
}

const withoutTag = (name: string): string => name.replace(/:[^:/]*$/, '');

function hasLabel(attributes: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = '', ...rest] = wanted.split('=');
  return Object.hasOwn(attributes, key) && (rest.length === 0 || attributes[key] === rest.join('='));
}
