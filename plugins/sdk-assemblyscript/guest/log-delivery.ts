import type { KeyValue } from './types.ts';

/** Says how messages go, by a name that wit/plan.wit has of it; nothing when `value` is empty. */
export function deliver(attributes: KeyValue[], name: string, value: string): void {
  if (value !== '') attributes.push({ key: `delivery.${name}`, value: value });
}
