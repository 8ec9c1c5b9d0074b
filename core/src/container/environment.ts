/** `PATH` of a container whose image sets none; Docker's and OCI's usual one. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const keyOf = (entry: string): string => {
  const equals = entry.indexOf('=');
  return equals < 0 ? entry : entry.slice(0, equals);
};

/** The user's variables, then those of the image that the user didn't name. A bare `KEY` means: not set. */
export function mergeEnvironment(asked: readonly string[], image: readonly string[]): readonly string[] {
  const named = new Set(asked.map(keyOf));
  return [...asked, ...image.filter((entry) => !named.has(keyOf(entry)))];
}

export interface EnvironmentDefaults {
  readonly hostname: string;
  readonly tty: boolean;
  /** Home directory of the user that the command runs as. */
  readonly home: string;
}

/** The environment a command starts with: the defaults, each replaced where `entries` has its own, then the rest. */
export function completeEnvironment(
  entries: readonly string[],
  { hostname, tty, home }: EnvironmentDefaults,
): readonly string[] {
  const values = new Map<string, string | undefined>([
    ['PATH', DEFAULT_PATH],
    ['HOSTNAME', hostname],
    ...(tty ? ([['TERM', 'xterm']] as const) : []),
  ]);
  for (const entry of entries) {
    const key = keyOf(entry);
    values.set(key, key === entry ? undefined : entry.slice(key.length + 1));
  }
  if (!values.has('HOME')) values.set('HOME', home);
  return [...values].flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
}
