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

/** Every key of a request, and whether it is a list: what a caller without types gets wrong, and no one would tell. */
const KEYS: Readonly<Record<keyof CreateRequest, 'list' | 'text' | 'other'>> = {
  image: 'text',
  rootfs: 'text',
  command: 'list',
  name: 'text',
  entrypoint: 'text',
  env: 'list',
  labels: 'other',
  workdir: 'text',
  user: 'text',
  hostname: 'text',
  interactive: 'other',
  tty: 'other',
  autoRemove: 'other',
  readOnly: 'other',
  privileged: 'other',
  mounts: 'list',
  volumesFrom: 'list',
  userns: 'text',
  network: 'text',
  networking: 'other',
  capAdd: 'list',
  capDrop: 'list',
  securityOpt: 'list',
  stopSignal: 'text',
  stopTimeout: 'other',
  init: 'other',
  options: 'other',
  logDriver: 'text',
  logOpts: 'other',
  storageDriver: 'text',
  pull: 'text',
  platform: 'text',
  attach: 'other',
  cidFile: 'text',
  createCommand: 'list',
  insecureRegistries: 'list',
  onPullEvent: 'other',
  signal: 'other',
};

/** @throws WherryError `E_OPTION` for a key that there isn't, and a text or list that is none */
export function settleRequest(request: ContainerRequest): CreateRequest {
  if (typeof request.image !== 'string') throw wrong('image', 'a text');
  for (const [key, value] of Object.entries(request)) {
    const kind = Object.hasOwn(KEYS, key) ? KEYS[key as keyof CreateRequest] : undefined;
    if (kind === undefined) throw invalidOption(`A container has no ${key}.`, HINT);
    if (kind === 'other' || value === undefined) continue;
    if (kind === 'list' && !Array.isArray(value)) throw wrong(key, 'a list');
    if (kind === 'text' && typeof value !== 'string') throw wrong(key, 'a text');
  }
  return { ...DEFAULTS, ...request };
}

const HINT = 'The type ContainerRequest of this package says what create takes.';

function wrong(key: string, kind: string): Error {
  return invalidOption(`The ${key} of a container has to be ${kind}.`, HINT);
}
