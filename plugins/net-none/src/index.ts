import { log } from '@wherry/sdk-assemblyscript/guest/host.ts';
import { step } from '@wherry/sdk-assemblyscript/guest/step.ts';
import {
  type AttachRequest,
  ResultAttachPlanDriverError as AttachResult,
  type DriverInfo,
  type Facts,
  type Fitness,
  Operation,
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

/** A namespace of the container's own, and nothing in it but the loopback interface. */
export function describe(): DriverInfo {
  return {
    name: 'none',
    kind: 'network',
    version: '0.1.0',
    summary: 'A network namespace with nothing but its loopback interface.',
    permissions: [],
    options: [],
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 10, reason: 'needs nothing of the machine' };
}

/** As Docker does, published ports are dropped with a word in the log. */
export function attach(request: AttachRequest): AttachResult {
  if (request.ports.length > 0) {
    log('warn', `published ports are discarded on network ${request.network.name} of driver none`);
  }
  const up = Operation.linkSet({ namespace: 'container', name: 'lo', up: true, master: null, rename: null });
  return AttachResult.ok({ sharing: 'own', attachment: null, steps: [step(up, null)] });
}
