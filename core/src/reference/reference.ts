import { isDigest } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';

/** The name of an image, normalised: `busybox` is `docker.io/library/busybox`. */
export interface Reference {
  /** Registry, `host[:port]`. */
  readonly domain: string;
  /** Repository within the registry. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

export const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DOMAIN = 'index.docker.io';
const OFFICIAL = 'library/';
const MAX_NAME_LENGTH = 255;

const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const tag = '\\w[\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(
  `^(?<domain>${domain})/(?<path>${component}(?:/${component})*)(?::(?<tag>${tag}))?(?:@(?<digest>${digest}))?$`,
);

/**
 * Parses what a user types, by the grammar of `distribution/reference` with Docker's short names. One thing is stricter: a
 * first component in upper case without a dot or port is a mistyped repository, not a registry.
 * @throws WherryError `E_INVALID_REFERENCE`
 */
export function parseReference(text: string): Reference {
  if (text === '') throw invalid(text, 'invalid reference format: the name is empty');
  if (/^[0-9a-f]{64}$/.test(text)) {
    throw invalid(text, `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const full = normalise(text);
  const remote = full.path.split(/[:@]/, 1)[0] ?? '';
  if (remote !== remote.toLowerCase()) {
    throw invalid(text, `invalid reference format: repository name (${remote}) must be lowercase`);
  }
  const groups = REFERENCE.exec(`${full.domain}/${full.path}`)?.groups;
  if (groups?.domain === undefined || groups.path === undefined) {
    throw invalid(text, `invalid reference format: "${text}" is not the name of an image`);
  }
  if (groups.path.length > MAX_NAME_LENGTH) {
    throw invalid(
      text,
      `invalid reference format: repository name must not be more than ${MAX_NAME_LENGTH} characters`,
    );
  }
  if (groups.digest !== undefined && !isDigest(groups.digest)) {
    throw invalid(text, `invalid reference format: "${groups.digest}" is not a digest`);
  }
  return {
    domain: groups.domain,
    path: groups.path,
    ...(groups.tag === undefined ? {} : { tag: groups.tag }),
    ...(groups.digest === undefined ? {} : { digest: groups.digest }),
  };
}

/** The same with the tag `latest`, when it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: 'latest' };
}

/** Without tag and digest: `docker.io/library/busybox`. */
export function fullName({ domain, path }: Reference): string {
  return `${domain}/${path}`;
}

/** As Docker shows a repository: `busybox`, `someone/app`, `localhost:5000/debian`. */
export function familiarName({ domain, path }: Reference): string {
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${path}`;
  return path.startsWith(OFFICIAL) && !path.includes('/', OFFICIAL.length)
    ? path.slice(OFFICIAL.length)
    : path;
}

/** In full: `docker.io/library/busybox:latest`. */
export function formatReference(reference: Reference): string {
  return fullName(reference) + suffix(reference);
}

/** As a user would type it: `busybox:latest`. */
export function familiarReference(reference: Reference): string {
  return familiarName(reference) + suffix(reference);
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}

/** Whether a name begins with a registry: what stands before its first slash has a dot or a port, or is `localhost`. */
export function hasRegistry(text: string): boolean {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  return first === 'localhost' || /[.:]/.test(first);
}

function normalise(text: string): { domain: string; path: string } {
  if (!hasRegistry(text)) return onDefaultDomain(text);
  const slash = text.indexOf('/');
  const first = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  return first === DEFAULT_DOMAIN || first === LEGACY_DOMAIN
    ? onDefaultDomain(rest)
    : { domain: first, path: rest };
}

function onDefaultDomain(path: string): { domain: string; path: string } {
  return { domain: DEFAULT_DOMAIN, path: path.includes('/') ? path : OFFICIAL + path };
}

function invalid(text: string, message: string): WherryError {
  const lower = text.toLowerCase();
  const hint =
    message.includes('must be lowercase') && lower !== text
      ? `Did you mean ${lower}?`
      : 'A reference is [HOST[:PORT]/]NAME[:TAG][@DIGEST], such as debian:bookworm or localhost:5000/app:1.2.';
  return new WherryError(message, { code: 'E_INVALID_REFERENCE', hint });
}
