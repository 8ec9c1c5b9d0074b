import { DEFAULT_DOMAIN, hasRegistry, parseReference, type Reference } from './reference.ts';

/**
 * What a name may stand for: itself when it names a registry, else the image of that name in each of the registries searched.
 * @param search `HOST[:PORT]`, in order
 * @throws WherryError `E_INVALID_REFERENCE`
 */
export function candidatesOf(text: string, search: readonly string[]): readonly [Reference, ...Reference[]] {
  const [first, ...others] = search;
  if (first === undefined || hasRegistry(text)) return [parseReference(text)];
  const within = (domain: string) => parseReference(domain === DEFAULT_DOMAIN ? text : `${domain}/${text}`);
  // What is no reference at all is to be refused as it was typed.
  parseReference(text);
  return [within(first), ...others.map(within)];
}
