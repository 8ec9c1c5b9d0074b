import type { CreateRequest, ImageConfig } from '../api.ts';
import { effectiveCapabilities } from '../capability/effective.ts';
import { WherryError } from '../errors/error.ts';
import { parseUserns } from '../idmap/userns.ts';
import { DEFAULT_NETWORK } from '../network/builtin.ts';
import type { Networking } from '../network/request.ts';
import type { Mount } from '../volume/mount.ts';
import { asGiven } from './as-given.ts';
import { mergeCommand } from './command.ts';
import { mergeEnvironment } from './environment.ts';
import { mergeHealth } from './health.ts';
import { impliedUserns } from './implied-userns.ts';
import { parseOptions } from './options.ts';
import type { ContainerSpec } from './record.ts';
import type { RootDirectory } from './rootfs-directory.ts';
import { parseSecurityOptions } from './security.ts';
import { parseSignal } from './signal.ts';

/** Seconds that `stop` waits before SIGKILL, unless told otherwise. */
const STOP_TIMEOUT = 10;

/** What isn't the user's or the image's to say: the drivers chosen, and the layer to build on. */
export interface MergeContext {
  readonly topLayer: string | undefined;
  readonly rootfs?: RootDirectory;
  readonly storageDriver: string;
  readonly logDriver: string;
  readonly mounts: readonly Mount[];
  readonly network: string;
  readonly networking: Networking;
}

/**
 * Settles what a container is, from the flags and the image's configuration, by Docker's rules: a flag wins over the
 * image, lists are added to the image's.
 * @throws WherryError `E_NO_COMMAND`, `E_WORKDIR`, `E_HOSTNAME`, `E_SIGNAL`, `E_SECURITY_OPT`, `E_USERNS`
 */
export function mergeSpec(request: CreateRequest, image: ImageConfig, context: MergeContext): ContainerSpec {
  const { privileged } = request;
  const health = mergeHealth(request.options?.health, image);
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const userns = parseUserns(request.userns || impliedUserns(request, own) || '', own);
  const keepId = userns.kind === 'keep-id' ? userns.kept : undefined;
  return {
    ...context,
    command: mergeCommand(request, image),
    env: mergeEnvironment(request.env ?? [], image.Env ?? []),
    workdir: checkWorkdir(request.workdir ?? (image.WorkingDir || '/')),
    user: request.user ?? (keepId === undefined ? (image.User ?? '') : `${keepId.uid}:${keepId.gid}`),
    ...(keepId === undefined ? {} : { keepId }),
    hostname: request.hostname === undefined ? undefined : checkHostname(request.hostname),
    interactive: request.interactive,
    tty: request.tty,
    autoRemove: request.autoRemove,
    readOnly: request.readOnly,
    privileged,
    init: request.init,
    ...effectiveCapabilities(request),
    security: parseSecurityOptions(request.securityOpt, privileged),
    stopSignal: parseSignal(request.stopSignal ?? (image.StopSignal || 'TERM')),
    stopTimeout: request.stopTimeout ?? STOP_TIMEOUT,
    logOptions: request.logOpts ?? {},
    given: asGiven(request, image.StopSignal),
    ...(request.createCommand === undefined ? {} : { createCommand: request.createCommand }),
    options: {
      ...parseOptions(request.options ?? {}, request.autoRemove),
      ...(health === undefined ? {} : { health }),
    },
  };
}

/** The labels of a container: the image's, and the user's over them. */
export function mergeLabels(request: CreateRequest, image: ImageConfig): Readonly<Record<string, string>> {
  return { ...image.Labels, ...request.labels };
}

/** The network that a request means. */
export function networkName(asked: string): string {
  return asked === '' || asked === 'default' ? DEFAULT_NETWORK : asked;
}

function checkWorkdir(workdir: string): string {
  if (workdir.startsWith('/') && !workdir.includes('\0')) return workdir;
  throw new WherryError(
    `The working directory ${JSON.stringify(workdir)} is invalid, it needs to be an absolute path.`,
    {
      code: 'E_WORKDIR',
      hint: 'Give -w a path that begins with a slash.',
    },
  );
}

/** hostname(7), and sethostname(2) takes 64 bytes. */
function checkHostname(hostname: string): string {
  if (/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?$/.test(hostname)) return hostname;
  throw new WherryError(`Invalid hostname: ${JSON.stringify(hostname)}.`, {
    code: 'E_HOSTNAME',
    hint: 'A host name has up to 64 letters, digits, hyphens and dots.',
  });
}
