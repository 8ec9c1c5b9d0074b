import { invalid, unsupported } from '@wherry/sdk-assemblyscript/guest/failure.ts';
import { log } from '@wherry/sdk-assemblyscript/guest/host.ts';
import {
  type Attachment,
  type AttachRequest,
  ResultAttachPlanDriverError as AttachResult,
  type DriverError,
  type DriverInfo,
  type Facts,
  type Fitness,
  type NetworkConfig,
  ResultNetworkPlanDriverError as NetworkResult,
  Permission,
  type PortMapping,
  ResultListStepDriverError as StepsResult,
  ResultUnitDriverError as UnitResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

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

export function validate(config: NetworkConfig, _facts: Facts): UnitResult {
  const wrong = checkConfig(config);
  return wrong === null ? UnitResult.ok() : UnitResult.err(wrong);
}

export function createNetwork(config: NetworkConfig, _facts: Facts): NetworkResult {
  const wrong = checkConfig(config);
  return wrong === null ? NetworkResult.ok({ config: config, steps: [] }) : NetworkResult.err(wrong);
}

export function removeNetwork(_config: NetworkConfig): StepsResult {
  return StepsResult.ok([]);
}

/** As Docker does, published ports are dropped with a word in the log. */
export function attach(request: AttachRequest): AttachResult {
  if (request.ports.length > 0) {
    log('warn', 'Published ports are discarded when using host network mode');
  }
  return AttachResult.ok({ sharing: 'host', attachment: null, steps: [] });
}

export function detach(_container: string, _network: NetworkConfig, _interfaceName: string): StepsResult {
  return StepsResult.ok([]);
}

/** There is no interface of the driver's own to tell of. */
export function status(
  _container: string,
  _network: NetworkConfig,
  _interfaceName: string,
): Attachment | null {
  return null;
}

export function addPort(_container: string, network: NetworkConfig, _port: PortMapping): StepsResult {
  return StepsResult.err(
    unsupported(
      `a network of driver host publishes no ports (${network.name})`,
      'Connect the container to another network.',
    ),
  );
}

export function removePort(_container: string, _network: NetworkConfig, _port: PortMapping): StepsResult {
  return StepsResult.ok([]);
}

function checkConfig(config: NetworkConfig): DriverError | null {
  if (config.subnets.length === 0) return null;
  return invalid(
    'network ' +
      config.name +
      ' has the subnet ' +
      config.subnets[0].cidr +
      ', and driver host gives no addresses',
    'Leave --subnet out.',
  );
}
