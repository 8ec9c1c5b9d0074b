import type { ContainerRequest, CreateRequest } from '../api.ts';
import { DEFAULT_NETWORK } from '../network/builtin.ts';
import { invalidOption } from './option-error.ts';

/** What `docker run IMAGE` means where nothing else is said. */
const DEFAULTS: Omit<CreateRequest, 'image'> = {
  command: [],
  interactive: false,
  tty: false,
  autoRemove: false,
  readOnly: false,
  privileged: false,
  network: DEFAULT_NETWORK,
  capAdd: [],
  capDrop: [],
  securityOpt: [],
  init: false,
};

type Kind = 'list' | 'string' | 'number' | 'boolean' | 'other';

/** Every key of a request, and what it holds: what a caller without types gets wrong, and no one would tell. */
const KEYS: Readonly<Record<keyof CreateRequest, Kind>> = {
  image: 'string',
  rootfs: 'string',
  command: 'list',
  name: 'string',
  entrypoint: 'string',
  env: 'list',
  labels: 'other',
  workdir: 'string',
  user: 'string',
  hostname: 'string',
  interactive: 'boolean',
  tty: 'boolean',
  autoRemove: 'boolean',
  readOnly: 'boolean',
  privileged: 'boolean',
  mounts: 'list',
  volumesFrom: 'list',
  userns: 'string',
  network: 'string',
  networking: 'other',
  capAdd: 'list',
  capDrop: 'list',
  securityOpt: 'list',
  stopSignal: 'string',
  stopTimeout: 'number',
  init: 'boolean',
  options: 'other',
  logDriver: 'string',
  logOpts: 'other',
  storageDriver: 'string',
  pull: 'string',
  platform: 'string',
  attach: 'other',
  cidFile: 'string',
  createCommand: 'list',
  insecureRegistries: 'list',
  onPullEvent: 'other',
  signal: 'other',
};

/** @throws WherryError `E_OPTION` for a key that there isn't, and a text or list that is none */
export function settleRequest(request: ContainerRequest): CreateRequest {
  if (typeof request.image !== 'string') throw wrong('image', NAMES.string);
  const given = Object.entries(request).filter(([, value]) => value !== undefined);
  for (const [key, value] of given) {
    const kind = Object.hasOwn(KEYS, key) ? KEYS[key as keyof CreateRequest] : undefined;
    if (kind === undefined)
      throw invalidOption(`A request for a container has no field ${key}.`, hintFor(key));
    if (kind === 'other') continue;
    if (kind === 'list' ? !Array.isArray(value) : typeof value !== kind) throw wrong(key, NAMES[kind]);
  }
  return { ...DEFAULTS, ...(Object.fromEntries(given) as unknown as ContainerRequest) };
}

const NAMES = { list: 'a list', string: 'a text', number: 'a number', boolean: 'true or false' };

/** What is called otherwise than where scripts for Docker, or command lines, come from. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  volumes: "mounts: [parseVolumeFlag('data:/data')]",
  volume: "mounts: [parseVolumeFlag('data:/data')]",
  tmpfs: "mounts: [parseTmpfsFlag('/run')]",
  ports: "networking: { publish: ['8080:80'] }",
  publish: "networking: { publish: ['8080:80'] }",
  cmd: "command: ['echo', 'hello']",
  environment: "env: ['NAME=value']",
  rm: 'autoRemove: true',
  memory: "options: { memory: '256m' }",
  cpus: "options: { cpus: '1.5' }",
  restart: "options: { restart: 'on-failure:3' }",
  devices: "options: { devices: ['/dev/fuse'] }",
};

function hintFor(key: string): string {
  return Object.hasOwn(ELSEWHERE, key) ? `It is written ${ELSEWHERE[key]}.` : HINT;
}

const HINT = 'The type ContainerRequest of this package says what create takes.';

function wrong(key: string, kind: string): Error {
  return invalidOption(`The ${key} of a container has to be ${kind}.`, HINT);
}
