import { resolve } from 'node:path';
import * as Flags from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import type { CreateRequest } from '@wherry/core/api';
import { misread, refusedFlags as refusedByClient } from '@wherry/core/argument';
import { parseMountFlag } from '@wherry/core/mount-flag';
import { parseTmpfsFlag } from '@wherry/core/tmpfs-flag';
import { parseVolumeFlag, parseVolumesFrom } from '@wherry/core/volume-flag';
import { environment, readEnvironmentFile } from './environment.ts';
import { networkFlags, networkRequest } from './network.ts';
import { optionFlags, optionRequest } from './options.ts';
import { labels, logOptions } from './pairs.ts';
import { REFUSED_BY_CREATE, refusedFlags, refuseFlags } from './refused.ts';

/** Flags that `run` and `create` share. */
export const containerFlags = {
  ...networkFlags,
  ...optionFlags,
  ...refusedFlags(REFUSED_BY_CREATE),
  attach: Flags.string({
    char: 'a',
    multiple: true,
    helpValue: 'list',
    summary: 'Attach to STDIN, STDOUT or STDERR',
  }),
  'cap-add': Flags.string({ multiple: true, helpValue: 'list', summary: 'Add Linux capabilities' }),
  'cap-drop': Flags.string({ multiple: true, helpValue: 'list', summary: 'Drop Linux capabilities' }),
  cidfile: Flags.string({ helpValue: 'string', summary: 'Write the container ID to the file' }),
  entrypoint: Flags.string({ helpValue: 'string', summary: 'Overwrite the default ENTRYPOINT of the image' }),
  env: Flags.string({ char: 'e', multiple: true, helpValue: 'list', summary: 'Set environment variables' }),
  'env-file': Flags.string({
    multiple: true,
    helpValue: 'list',
    summary: 'Read in a file of environment variables',
  }),
  explain: Flags.boolean({ summary: 'Print the plan of the container and touch nothing' }),
  hostname: Flags.string({ char: 'h', helpValue: 'string', summary: 'Container host name' }),
  init: Flags.boolean({
    summary: 'Run an init inside the container that forwards signals and reaps processes',
  }),
  interactive: Flags.boolean({ char: 'i', summary: 'Keep STDIN open even if not attached' }),
  label: Flags.string({
    char: 'l',
    multiple: true,
    helpValue: 'list',
    summary: 'Set meta data on a container',
  }),
  'log-driver': Flags.string({ helpValue: 'string', summary: 'Logging driver for the container' }),
  'log-opt': Flags.string({ multiple: true, helpValue: 'list', summary: 'Log driver options' }),
  mount: Flags.string({
    multiple: true,
    helpValue: 'mount',
    summary: 'Attach a filesystem mount to the container',
  }),
  name: Flags.string({ helpValue: 'string', summary: 'Assign a name to the container' }),
  platform: Flags.string({
    helpValue: 'string',
    summary: 'Platform of the image to take: os[/arch[/variant]]',
  }),
  privileged: Flags.boolean({
    summary: 'Give extended privileges to this container, as far as the user has them',
  }),
  pull: Flags.string({
    helpValue: 'string',
    summary: 'Pull image before running ("always", "missing", "never") (default "missing")',
  }),
  quiet: Flags.boolean({ char: 'q', summary: 'Suppress the pull output' }),
  'read-only': Flags.boolean({ summary: "Mount the container's root filesystem as read only" }),
  rootfs: Flags.boolean({
    summary: 'The first argument is no image but a directory that is the root file system, DIRECTORY[:O]',
  }),
  rm: Flags.boolean({ summary: 'Automatically remove the container when it exits' }),
  'security-opt': Flags.string({ multiple: true, helpValue: 'list', summary: 'Security Options' }),
  'stop-signal': Flags.string({ helpValue: 'string', summary: 'Signal to stop the container' }),
  'stop-timeout': Flags.integer({ helpValue: 'int', summary: 'Timeout (in seconds) to stop a container' }),
  'storage-driver': Flags.string({
    helpValue: 'string',
    summary: "Storage driver for the container's root filesystem",
  }),
  tmpfs: Flags.string({ multiple: true, helpValue: 'list', summary: 'Mount a tmpfs directory' }),
  tty: Flags.boolean({ char: 't', summary: 'Allocate a pseudo-TTY' }),
  user: Flags.string({
    char: 'u',
    helpValue: 'string',
    summary: 'Username or UID (format: <name|uid>[:<group|gid>])',
  }),
  userns: Flags.string({
    helpValue: 'string',
    summary:
      'User namespace to use: host (default); keep-id, keep-id:uid=UID,gid=GID, to be yourself inside; auto, auto:size=N, for ids that no other container has; nomap, for none of yours',
  }),
  volume: Flags.string({ char: 'v', multiple: true, helpValue: 'list', summary: 'Bind mount a volume' }),
  'volumes-from': Flags.string({
    multiple: true,
    helpValue: 'list',
    summary: 'Mount volumes from the specified container(s)',
  }),
  workdir: Flags.string({
    char: 'w',
    helpValue: 'string',
    summary: 'Working directory inside the container',
  }),
};

export type ContainerFlags = InferredFlags<typeof containerFlags>;

/** The caller's surroundings that flags refer to. */
export interface Caller {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
}

export type FlagRequest = Omit<CreateRequest, 'onPullEvent' | 'signal' | 'insecureRegistries'>;

/** Flags and `IMAGE [COMMAND] [ARG...]` as one request. @throws WherryError for a value that can't be read */
export function createRequest(
  flags: ContainerFlags,
  [image = '', ...command]: readonly string[],
  caller: Caller,
): FlagRequest {
  refuseFlags(flags, REFUSED_BY_CREATE);
  if (flags['log-driver'] === 'none' && (flags['log-opt'] ?? []).length > 0)
    throw refusedByClient('invalid logging opts for driver none', 'Leave --log-opt out: nothing is logged.');
  return {
    ...(flags.rootfs
      ? { image: '', rootfs: image === '' ? '' : resolve(caller.directory, image) }
      : { image }),
    command,
    interactive: flags.interactive,
    tty: flags.tty,
    autoRemove: flags.rm,
    readOnly: flags['read-only'],
    privileged: flags.privileged,
    init: flags.init,
    env: environment(flags['env-file'] ?? [], flags.env ?? [], caller.env),
    labels: labels([...labelLines(flags['label-file'] ?? []), ...(flags.label ?? [])], '-l, --label'),
    options: optionRequest(flags, caller.directory),
    logOpts: logOptions(flags['log-opt'] ?? []),
    mounts: [
      ...(flags.volume ?? []).map((each) => parseVolumeFlag(each, caller.directory)),
      ...(flags.mount ?? []).map((each) => parseMountFlag(each, caller.directory)),
      ...(flags.tmpfs ?? []).map(parseTmpfsFlag),
    ],
    volumesFrom: (flags['volumes-from'] ?? []).map(parseVolumesFrom),
    ...networkRequest(flags),
    capAdd: flags['cap-add'] ?? [],
    capDrop: flags['cap-drop'] ?? [],
    securityOpt: flags['security-opt'] ?? [],
    attach: attachment(flags),
    ...given('name', flags.name || undefined),
    ...given('cidFile', flags.cidfile || undefined),
    ...given('entrypoint', flags.entrypoint),
    ...given('workdir', flags.workdir || undefined),
    ...given('user', flags.user),
    ...given('userns', flags.userns),
    ...given('hostname', flags.hostname || undefined),
    ...given('stopSignal', flags['stop-signal'] || undefined),
    ...given('stopTimeout', flags['stop-timeout']),
    ...given('logDriver', flags['log-driver'] || undefined),
    ...given('storageDriver', flags['storage-driver']),
    pull: pullPolicy(flags.pull || 'missing'),
    ...given('platform', flags.platform || defaultPlatform(flags, caller)),
  };
}

/** As for Docker's client; a directory in the place of an image is for whatever machine it is for. */
function defaultPlatform(flags: ContainerFlags, { env }: Caller): string | undefined {
  return flags.rootfs ? undefined : env.DOCKER_DEFAULT_PLATFORM || undefined;
}

function labelLines(files: readonly string[]): readonly string[] {
  return files.flatMap((file) => readEnvironmentFile(file, '--label-file'));
}

/** @throws WherryError `E_OPTION` */
function pullPolicy(text: string): 'always' | 'missing' | 'never' {
  if (text === 'always' || text === 'missing' || text === 'never') return text;
  const sentence = `invalid pull option: '${text}': must be one of "always", "missing" or "never"`;
  throw refusedByClient(sentence, 'Leave it out to pull what is missing.');
}

const STREAMS: readonly string[] = ['stdin', 'stdout', 'stderr'];

/** The streams of `-a`, in lower case; undefined when none is named. @throws WherryError `E_OPTION` */
export function namedStreams(words: readonly string[] | undefined): readonly string[] | undefined {
  return words?.map((word) => {
    const name = word.toLowerCase();
    if (STREAMS.includes(name)) return name;
    const reason = 'valid streams are STDIN, STDOUT and STDERR';
    throw misread({ flag: '-a, --attach', value: word, reason, hint: 'Give -a once for each stream.' });
  });
}

/** As Docker records it: a container that is started in the background is attached to by nobody. */
function attachment(
  flags: ContainerFlags & { readonly detach?: boolean },
): NonNullable<CreateRequest['attach']> {
  if (flags.detach === true) return { stdin: false, stdout: false, stderr: false };
  const names = namedStreams(flags.attach);
  const named = (name: string): boolean => names?.includes(name) ?? true;
  const stdin = flags.interactive || names?.includes('stdin') === true;
  return { stdin, stdout: named('stdout'), stderr: named('stderr') };
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}
