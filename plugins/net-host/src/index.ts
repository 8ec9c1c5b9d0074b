import { log } from '@wherry/sdk-assemblyscript/guest/host.ts';
import {
  type AttachRequest,
  ResultAttachPlanDriverError as AttachResult,
  type DriverInfo,
  type Facts,
  type Fitness,
  Permission,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

export {
  addPort,
  createNetwork,
  detach,
  removeNetwork,
  removePort,
  status,
  validate,
} from '@wherry/sdk-assemblyscript/guest/network-unaddressed.ts';

/** The container has the host's interfaces, ports and names. */
export function describe(): DriverInfo {
  return {
    name: 'host',
    kind: 'network',
    version: '0.1.0',
    summary: "The host's own network.",
    permissions: [Permission.hostNetwork()],
    options: [],
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 10, reason: 'needs nothing of the machine' };
}

/** As Docker does, published ports are dropped with a word in the log. */
export function attach(request: AttachRequest): AttachResult {
  if (request.ports.length > 0) {
    log('warn', 'Published ports are discarded when using host network mode');
  }
  return AttachResult.ok({ sharing: 'host', attachment: null, steps: [] });
}
