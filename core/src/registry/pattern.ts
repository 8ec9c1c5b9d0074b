import type { Reference } from '../reference/reference.ts';

/** `HOST[:PORT]`, `*.DOMAIN` or `*`, and then perhaps a path: `quay.io`, `*.example.org`, `docker.io/library`, `*`. */
const PATTERN = /^(?:\*|(?:\*\.)?[A-Za-z0-9.-]+(?::\d+)?|\[[0-9a-fA-F:]+\](?::\d+)?)(?:\/[a-z0-9._/-]+)?$/;

export function isRegistryPattern(text: string): boolean {
  return PATTERN.test(text);
}

/** Whether a pattern covers a repository: its registry, and the whole of its path or the folders above. */
export function covers(pattern: string, { domain, path }: Pick<Reference, 'domain' | 'path'>): boolean {
  const slash = pattern.indexOf('/');
  const host = slash < 0 ? pattern : pattern.slice(0, slash);
  if (!coversHost(host, domain)) return false;
  const folder = slash < 0 ? '' : pattern.slice(slash + 1).replace(/\/+$/, '');
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

function coversHost(pattern: string, domain: string): boolean {
  if (pattern === '*' || pattern === domain) return true;
  // Without a port it stands for all of them.
  const hostname = domain.replace(/:\d+$/, '');
  if (pattern === hostname) return true;
  return (
    pattern.startsWith('*.') && (domain.endsWith(pattern.slice(1)) || hostname.endsWith(pattern.slice(1)))
  );
}
