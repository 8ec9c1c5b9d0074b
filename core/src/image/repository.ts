import type { PullRequest } from '../api.ts';
import { registrySettings } from '../container/config.ts';
import type { Reference } from '../reference/reference.ts';
import type { RegistryOptions } from '../registry/client.ts';
import { MirroredRepository } from '../registry/mirrored.ts';
import { type RegistrySettings, refuseBlocked } from '../registry/settings.ts';
import type { PullContext } from './pull.ts';

type Reach = Pick<PullContext, 'env' | 'uid' | 'retry'>;
type ReachRequest = Pick<PullRequest, 'insecureRegistries' | 'authFile' | 'signal'>;

/** How a command reaches registries, by its request, the configuration and the environment. */
export function registryOptions(
  { env, uid, retry }: Reach,
  request: { readonly [Key in keyof ReachRequest]: ReachRequest[Key] | undefined },
  settings: RegistrySettings,
): RegistryOptions {
  return {
    env: request.authFile === undefined ? env : { ...env, REGISTRY_AUTH_FILE: request.authFile },
    uid,
    insecureRegistries: [...settings.insecure, ...(request.insecureRegistries ?? [])],
    signal: request.signal,
    ...(retry === undefined ? {} : { retry }),
  };
}

/** A repository to read from, with its mirrors. To be closed. @throws WherryError `E_REGISTRY_BLOCKED`, `E_CONFIG` */
export function openRepository(
  context: Reach,
  name: Pick<Reference, 'domain' | 'path'>,
  request: { readonly [Key in keyof ReachRequest]: ReachRequest[Key] | undefined } & Pick<
    PullRequest,
    'onEvent'
  >,
  settings: RegistrySettings = registrySettings(context.env),
): MirroredRepository {
  refuseBlocked(settings, name);
  return new MirroredRepository(name, {
    ...registryOptions(context, request, settings),
    mirrors: settings.mirrors,
    refuse: (host) => refuseBlocked(settings, { domain: host, path: '' }),
    onRetry: (why) => request.onEvent?.({ kind: 'retrying', why }),
    onFallback: (mirror, why) => request.onEvent?.({ kind: 'mirror-failed', mirror, why }),
  });
}
