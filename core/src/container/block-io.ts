import { statSync } from 'node:fs';
import { misread } from '../errors/argument.ts';
import { parseBytes } from '../volume/size.ts';
import { invalidOption } from './option-error.ts';
import { given } from './option-text.ts';

/** Flags on block devices, as they were typed; a list has `DEVICE:VALUE`. */
export interface BlockRequest {
  readonly blkioWeight?: number | undefined;
  readonly blkioWeightDevice?: readonly string[] | undefined;
  readonly deviceReadBps?: readonly string[] | undefined;
  readonly deviceWriteBps?: readonly string[] | undefined;
  readonly deviceReadIops?: readonly string[] | undefined;
  readonly deviceWriteIops?: readonly string[] | undefined;
}

/** A value for one block device of the host. */
export interface DeviceRate {
  readonly path: string;
  readonly rate: number;
}

export interface BlockLimits {
  /** 10 to 1000. */
  readonly blkioWeight?: number;
  readonly blkioWeightDevice?: readonly DeviceRate[];
  /** Bytes a second. */
  readonly deviceReadBps?: readonly DeviceRate[];
  readonly deviceWriteBps?: readonly DeviceRate[];
  /** Operations a second. */
  readonly deviceReadIops?: readonly DeviceRate[];
  readonly deviceWriteIops?: readonly DeviceRate[];
}

/** The flags with rates, and the words of io.max for them (cgroup-v2.rst). */
export const RATES = [
  ['deviceReadBps', '--device-read-bps', 'rbps'],
  ['deviceWriteBps', '--device-write-bps', 'wbps'],
  ['deviceReadIops', '--device-read-iops', 'riops'],
  ['deviceWriteIops', '--device-write-iops', 'wiops'],
] as const;

/** @throws WherryError `E_OPTION` */
export function parseBlockLimits(request: BlockRequest): BlockLimits {
  const { blkioWeight, blkioWeightDevice } = request;
  const rates = RATES.flatMap(([key, flag]) => {
    const list = request[key];
    if (list === undefined || list.length === 0) return [];
    return [[key, list.map((text) => parseRate(flag, text, key.endsWith('Bps')))] as const];
  });
  return {
    ...given('blkioWeight', blkioWeight === 0 ? undefined : checkWeight(blkioWeight)),
    ...(blkioWeightDevice === undefined || blkioWeightDevice.length === 0
      ? {}
      : { blkioWeightDevice: blkioWeightDevice.map(parseWeightDevice) }),
    ...Object.fromEntries(rates),
  };
}

/** `MAJOR:MINOR` of a block device of the host. @throws WherryError `E_OPTION` */
export function deviceNumber(path: string): string {
  const about = statSync(path, { throwIfNoEntry: false });
  if (about?.isBlockDevice() !== true)
    throw invalidOption(
      `${path} is no block device of this machine`,
      'lsblk lists them; a limit is set on a whole disk.',
    );
  // makedev(3): twelve bits of the major number, twenty of the minor, interleaved.
  const device = BigInt(about.rdev);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

function checkWeight(weight: number | undefined): number | undefined {
  if (weight === undefined || (weight >= 10 && weight <= 1000)) return weight;
  throw invalidOption('Range of blkio weight is from 10 to 1000', 'Give --blkio-weight such a number.');
}

function parseWeightDevice(text: string): DeviceRate {
  const flag = '--blkio-weight-device';
  const [path, value] = split(flag, text);
  const rate = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (rate === 0 || (rate >= 10 && rate <= 1000)) return { path, rate };
  const hint = 'It is DEVICE:WEIGHT, the weight from 10 to 1000.';
  throw misread({ flag, value: text, reason: `invalid weight for device: ${text}`, hint });
}

function parseRate(flag: string, text: string, bytes: boolean): DeviceRate {
  const [path, value] = split(flag, text);
  const rate = bytes ? parseBytes(value) : /^\d+$/.test(value) ? Number(value) : undefined;
  if (rate !== undefined) return { path, rate };
  const form = bytes
    ? '<device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb'
    : '<device-path>:<number>. Number must be a positive integer';
  const reason = `invalid rate for device: ${text}. The correct format is ${form}`;
  throw misread({ flag, value: text, reason, hint: `Write ${flag} DEVICE:VALUE.` });
}

function split(flag: string, text: string): readonly [string, string] {
  const colon = text.lastIndexOf(':');
  const path = text.slice(0, colon);
  const hint = `Write ${flag} DEVICE:VALUE; the path begins with /dev/.`;
  if (colon < 1) throw misread({ flag, value: text, reason: `bad format: ${text}`, hint });
  if (!path.startsWith('/dev/'))
    throw misread({ flag, value: text, reason: `bad format for device path: ${text}`, hint });
  return [path, text.slice(colon + 1)];
}
