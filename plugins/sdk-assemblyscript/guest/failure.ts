import { DriverError } from './types.ts';

/** What the user asked for makes no sense. `message` and `hint` are sentences for a person. */
export function invalid(message: string, hint: string): DriverError {
  return DriverError.invalid({ message: message, hint: hint });
}

/** It makes sense, and this driver or this machine can't do it. */
export function unsupported(message: string, hint: string): DriverError {
  return DriverError.unsupported({ message: message, hint: hint });
}

/** The name is taken, or something depends on what was to go. */
export function inUse(message: string, hint: string): DriverError {
  return DriverError.inUse({ message: message, hint: hint });
}

export function notFound(message: string, hint: string): DriverError {
  return DriverError.notFound({ message: message, hint: hint });
}
