import { WherryError } from '../errors/error.ts';
import { DEFAULT_DOMAIN, type Reference } from '../reference/reference.ts';
import { covers, isRegistryPattern } from './pattern.ts';

/** What the configuration says of registries; patterns are those of `covers`. */
export interface RegistrySettings {
  /** Registries that a name without one is looked for in, in order. */
  readonly search: readonly string[];
  /** By registry, `HOST[:PORT][/PREFIX]` or a URL of such; asked in order before the registry itself. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
  /** `HOST[:PORT]`, `HOST` or a network such as `10.0.0.0/8` that may be spoken to without trusted TLS. */
  readonly insecure: readonly string[];
  /** Patterns of what is neither pulled nor pushed. */
  readonly blocked: readonly string[];
  /** Patterns of what is pulled by digest alone. */
  readonly requireDigest: readonly string[];
}

export const DEFAULT_SETTINGS: RegistrySettings = {
  search: [DEFAULT_DOMAIN],
  mirrors: {},
  insecure: [],
  blocked: [],
  requireDigest: [],
};

/**
 * Two files' settings as one: what is forbidden or allowed by either is; for the rest the first one counts.
 */
export function mergeSettings(
  own: Partial<RegistrySettings>,
  system: Partial<RegistrySettings>,
): Partial<RegistrySettings> {
  const both = (key: 'insecure' | 'blocked' | 'requireDigest') => [
    ...new Set([...(own[key] ?? []), ...(system[key] ?? [])]),
  ];
  const search = own.search ?? system.search;
  return {
    ...(search === undefined ? {} : { search }),
    mirrors: { ...system.mirrors, ...own.mirrors },
    insecure: both('insecure'),
    blocked: both('blocked'),
    requireDigest: both('requireDigest'),
  };
}

/**
 * A setting of the configuration file on registries: `registries`, `policy`, and dockerd's `insecure-registries` and
 * `registry-mirrors`. Undefined for any other key.
 * @throws Error whose message says what is wrong with the value
 */
export function parseSetting(key: string, value: unknown): Partial<RegistrySettings> | undefined {
  switch (key) {
    case 'insecure-registries':
      return { insecure: list(key, value, isInsecure) };
    case 'registry-mirrors':
      return { mirrors: { [DEFAULT_DOMAIN]: list(key, value, isMirror) } };
    case 'policy':
      return fields(key, value, {
        'require-digest': (name, entry) => ({ requireDigest: list(name, entry, isRegistryPattern) }),
      });
    case 'registries':
      return fields(key, value, {
        search: (name, entry) => ({ search: list(name, entry, isHost) }),
        mirrors: (name, entry) => ({ mirrors: mirrorLists(name, entry) }),
        insecure: (name, entry) => ({ insecure: list(name, entry, isInsecure) }),
        blocked: (name, entry) => ({ blocked: list(name, entry, isRegistryPattern) }),
      });
    default:
      return undefined;
  }
}

/** @throws WherryError `E_REGISTRY_BLOCKED` */
export function refuseBlocked(settings: RegistrySettings, name: Pick<Reference, 'domain' | 'path'>): void {
  const pattern = settings.blocked.find((each) => covers(each, name));
  if (pattern === undefined) return;
  throw new WherryError(
    `${name.path === '' ? `Registry ${name.domain}` : `${name.domain}/${name.path}`} is blocked by the configuration (registries.blocked: "${pattern}").`,
    {
      code: 'E_REGISTRY_BLOCKED',
      hint: 'Take the image from another registry, or take the entry out of ~/.config/wherry/config.json or /etc/wherry/config.json.',
    },
  );
}

/** @throws WherryError `E_DIGEST_REQUIRED` for a pull by tag where the policy wants a digest */
export function requireDigest(settings: RegistrySettings, reference: Reference): void {
  if (reference.digest !== undefined) return;
  const pattern = settings.requireDigest.find((each) => covers(each, reference));
  if (pattern === undefined) return;
  throw new WherryError(
    `${reference.domain}/${reference.path} may be pulled by digest alone (policy.require-digest: "${pattern}"), since what a tag refers to can change.`,
    {
      code: 'E_DIGEST_REQUIRED',
      hint: `Name it as ${reference.domain}/${reference.path}@sha256:… with the digest that you trust.`,
    },
  );
}

type Parse = (name: string, value: unknown) => Partial<RegistrySettings>;

function fields(
  key: string,
  value: unknown,
  known: Readonly<Record<string, Parse>>,
): Partial<RegistrySettings> {
  let settings: Partial<RegistrySettings> = {};
  for (const [name, entry] of Object.entries(record(key, value))) {
    const parse = Object.hasOwn(known, name) ? known[name] : undefined;
    if (parse === undefined) {
      throw new Error(`"${key}" has no setting "${name}", but ${Object.keys(known).join(', ')}`);
    }
    settings = { ...settings, ...parse(`${key}.${name}`, entry) };
  }
  return settings;
}

function mirrorLists(name: string, value: unknown): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(record(name, value)).map(([host, mirrors]) => {
      if (!isHost(host)) throw new Error(`"${host}" in "${name}" is no registry`);
      return [host, list(`${name}.${host}`, mirrors, isMirror)];
    }),
  );
}

function record(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`"${name}" is not an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function list(name: string, value: unknown, fits: (text: string) => boolean): readonly string[] {
  if (!Array.isArray(value)) throw new Error(`"${name}" is not a list`);
  return value.map((each: unknown) => {
    if (typeof each === 'string' && fits(each)) return each;
    throw new Error(`${JSON.stringify(each)} in "${name}" can't be understood`);
  });
}

const isHost = (text: string): boolean => /^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?$/.test(text);
const isMirror = (text: string): boolean =>
  /^(?:https?:\/\/)?(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?(?:\/[a-z0-9._/-]*)?$/.test(text);
const isInsecure = (text: string): boolean => isHost(text) || /^[0-9a-fA-F.:]+\/\d{1,3}$/.test(text);
