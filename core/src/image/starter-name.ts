import { parseReference } from '../reference/reference.ts';

/** The image that Wherry makes of its own programs, in full and without a tag. */
export const STARTER = { domain: 'docker.io', path: 'wherry/hello' } as const;

/** Whether a reference names the starter image: it has the tag `latest` alone. */
export function isStarter(text: string): boolean {
  const { domain, path, tag = 'latest', digest } = parseReference(text);
  return domain === STARTER.domain && path === STARTER.path && tag === 'latest' && digest === undefined;
}
