/** Where newuidmap(1) may be; a user's PATH often lacks the last. */
export const HELPER_DIRECTORIES = ['/usr/bin', '/usr/local/bin', '/bin', '/usr/sbin'] as const;

export interface HelperFacts {
  readonly path: string;
  readonly executable: boolean;
  readonly setuidRoot: boolean;
}

export type HelperName = 'newuidmap' | 'newgidmap';

export type HelperChoice =
  | { readonly usable: true; readonly path: string }
  | { readonly usable: false; readonly reason: string };

/**
 * Chooses among the files found for a helper, in the order of HELPER_DIRECTORIES: a set-user-ID one first, else one
 * without the bit, which then has its privilege by file capabilities (as Fedora ships it; they can't be read here).
 *
 * @param powerless Why set-user-ID and file capabilities have no effect for programs that we start, if they haven't.
 */
export function chooseHelper(
  name: HelperName,
  found: readonly HelperFacts[],
  powerless: string | undefined,
): HelperChoice {
  const executable = found.filter((file) => file.executable);
  const best = executable.find((file) => file.setuidRoot) ?? executable[0];
  if (best === undefined) {
    const first = found[0];
    return { usable: false, reason: first ? `${first.path} can’t be executed` : `${name} isn’t installed` };
  }
  if (powerless !== undefined)
    return { usable: false, reason: `${powerless}, so ${best.path} would have no privilege` };
  return { usable: true, path: best.path };
}
