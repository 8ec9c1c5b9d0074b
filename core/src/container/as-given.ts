import type { CreateRequest } from '../api.ts';

/** What of a request nothing but `inspect` wants to know: it has its effect elsewhere, or only while it is carried out. */
export interface AsGiven {
  readonly attach: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly stopSignal?: string;
  readonly stopTimeout?: number;
  readonly publishAll?: boolean;
  readonly volumesFrom?: readonly string[];
  readonly cidFile?: string;
  readonly userns?: string;
  readonly securityOpt?: readonly string[];
}

/** What `create` is asked for without saying otherwise: output and errors are attached to. */
const OUTPUTS = { stdin: false, stdout: true, stderr: true };

/** For records of containers from before it was kept. */
export const NOTHING_GIVEN: AsGiven = { attach: OUTPUTS };

export function asGiven(request: CreateRequest, imageSignal: string | undefined): AsGiven {
  const stopSignal = request.stopSignal ?? (imageSignal || undefined);
  const from = (request.volumesFrom ?? []).map(({ container, readOnly }) =>
    readOnly ? `${container}:ro` : container,
  );
  return {
    attach: request.attach ?? { ...OUTPUTS, stdin: request.interactive },
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(request.stopTimeout === undefined ? {} : { stopTimeout: request.stopTimeout }),
    ...(request.networking?.publishAll === true ? { publishAll: true } : {}),
    ...(from.length === 0 ? {} : { volumesFrom: from }),
    ...(request.securityOpt.length === 0 ? {} : { securityOpt: request.securityOpt }),
    ...(request.cidFile === undefined ? {} : { cidFile: request.cidFile }),
    ...(request.userns === undefined || request.userns === '' ? {} : { userns: request.userns }),
  };
}
