import type { ContainerRequest, CreateRequest } from '../api.ts';
import { DEFAULT_NETWORK } from '../network/builtin.ts';

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

export function settleRequest(request: ContainerRequest): CreateRequest {
  return { ...DEFAULTS, ...request };
}
