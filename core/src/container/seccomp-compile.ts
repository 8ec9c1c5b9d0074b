import { compileSeccomp } from '../seccomp/compile.ts';
import { DEFAULT_PROFILE } from '../seccomp/default-profile.ts';
import { parseSeccompProfile } from '../seccomp/parse-profile.ts';
import { seccompFlags } from '../seccomp/profile.ts';
import type { SecurityOptions } from './record.ts';
import type { SeccompContext, SeccompFilter } from './seccomp.ts';

/** @throws WherryError for a profile that can't be used */
export function compileFilter(
  seccomp: Exclude<SecurityOptions['seccomp'], 'unconfined'>,
  { capabilities, architecture, singleId, kernel }: SeccompContext,
): SeccompFilter {
  const profile =
    seccomp === 'default' ? DEFAULT_PROFILE : parseSeccompProfile(seccomp.profile, 'the seccomp profile');
  const arch = architecture === 'arm64' ? 'arm64' : 'amd64';
  const filter = compileSeccomp({ profile, capabilities, arch, singleId, kernel });
  return { filter, flags: seccompFlags(profile) };
}
