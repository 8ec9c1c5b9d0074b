import {
  type DriverInfo,
  type Facts,
  type Fitness,
  type OpenRequest,
  Sink,
  ResultSinkDriverError as SinkResult,
} from '@wherry/sdk-assemblyscript/guest/types.ts';

export { close, parse, unreadable as read, write } from '@wherry/sdk-assemblyscript/guest/log-hosted.ts';

/** Output goes nowhere. */
export function describe(): DriverInfo {
  return {
    name: 'none',
    kind: 'log',
    version: '0.1.0',
    summary: 'No log is kept.',
    permissions: [],
    options: [],
  };
}

export function probe(_facts: Facts): Fitness {
  return { score: 1, reason: 'keeps no log' };
}

export function open(_request: OpenRequest): SinkResult {
  return SinkResult.ok(Sink.none());
}
