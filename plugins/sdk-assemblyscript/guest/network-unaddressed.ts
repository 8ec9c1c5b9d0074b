import { invalid, unsupported } from './failure.ts';
import {
  type Attachment,
  type DriverError,
  type Facts,
  type NetworkConfig,
  ResultNetworkPlanDriverError as NetworkResult,
  type PortMapping,
  ResultListStepDriverError as StepsResult,
  ResultUnitDriverError as UnitResult,
} from './types.ts';

/** For a driver to export as its own: what it answers when it gives no addresses and keeps nothing of what it has attached. */
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
    unsupported(`network ${network.name} publishes no ports`, 'Connect the container to another network.'),
  );
}

export function removePort(_container: string, _network: NetworkConfig, _port: PortMapping): StepsResult {
  return StepsResult.ok([]);
}

function checkConfig(config: NetworkConfig): DriverError | null {
  if (config.subnets.length === 0) return null;
  return invalid(
    `network ${config.name} has the subnet ${config.subnets[0].cidr}, and its driver gives no addresses`,
    'Leave --subnet out.',
  );
}
