import { WherryError } from '../errors/error.ts';
import type { DriverError, DriverKind } from './contract.ts';

/** Which driver, in the words of every message about it. */
export interface DriverName {
  readonly kind: DriverKind;
  readonly name: string;
}

export function nameOf(driver: DriverName): string {
  return `${driver.kind} driver ${driver.name}`;
}

const REPORT = 'This is a fault of the driver: report it to its author, or choose another driver.';

/** The driver's own words: `E_DRIVER_IN_USE`, `E_DRIVER_UNSUPPORTED`, … with its hint. */
export function answered(driver: DriverName, operation: string, error: DriverError): WherryError {
  return new WherryError(`${nameOf(driver)} (${operation}): ${error.val.message}`, {
    code: `E_DRIVER_${error.tag.replaceAll('-', '_').toUpperCase()}`,
    hint: error.val.hint,
  });
}

export function trapped(
  driver: DriverName,
  operation: string,
  cause: unknown,
  lastWords: string | undefined,
): WherryError {
  const said = lastWords === undefined ? '' : `; it said: ${lastWords}`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new WherryError(`${nameOf(driver)} broke down in ${operation}: ${reason}${said}`, {
    code: 'E_DRIVER_TRAP',
    hint: REPORT,
    cause,
  });
}

export function timedOut(driver: DriverName, operation: string, limit: number): WherryError {
  return new WherryError(`${nameOf(driver)} gave no answer to ${operation} within ${limit} ms`, {
    code: 'E_DRIVER_TIMEOUT',
    hint: REPORT,
  });
}

export function badReply(driver: DriverName, operation: string, what: string): WherryError {
  return new WherryError(`${nameOf(driver)} answered ${operation} with rubbish: the reply ${what}`, {
    code: 'E_DRIVER_REPLY',
    hint: REPORT,
  });
}

/** Why a driver can't be loaded. */
export function unloadable(
  driver: DriverName,
  code: 'E_DRIVER_IMPORT' | 'E_DRIVER_FUNCTION' | 'E_DRIVER_VERSION' | 'E_DRIVER_KIND' | 'E_DRIVER_LOAD',
  what: string,
  hint: string,
  cause?: unknown,
): WherryError {
  return new WherryError(`${nameOf(driver)} can't be used: ${what}`, { code, hint, cause });
}
