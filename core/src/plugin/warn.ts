import type { DriverInfo, LogLevel } from './contract.ts';

const LONGEST = 300;

/** Passes on what drivers warn of, each sentence once and as one line: a driver is asked several times by one command. */
export function warnOnce(
  warn: (sentence: string) => void,
): (driver: DriverInfo, level: LogLevel, message: string) => void {
  const said = new Set<string>();
  return (_driver, level, message) => {
    if (level !== 'warn' || said.has(message)) return;
    said.add(message);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a driver's text goes to the user's terminal.
    warn(message.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, LONGEST));
  };
}
