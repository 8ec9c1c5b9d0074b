import { WherryError } from '../errors/error.ts';
import { whyAbsent } from './absent.ts';
import type { DriverInfo, DriverKind, Facts, Fitness, Log, Network, Storage } from './contract.ts';
import { type Called, DEADLINES, type Deadlines, Driver, type DriverOptions } from './driver.ts';
import { type DriverPackage, readInstalled } from './package.ts';
import { SCHEMA } from './schema.ts';
import type { DriverState } from './state.ts';

/** The functions of an interface, each answering with the state's changes beside the value. */
export type Calls<I> = {
  readonly [K in keyof I]: I[K] extends (...args: infer A) => infer R ? (...args: A) => Called<R> : never;
};
interface Identified {
  readonly info: DriverInfo;
}
export type StorageDriver = Identified & Calls<Storage>;
export type NetworkDriver = Identified & Calls<Network>;
export type LogDriver = Identified & Calls<Log>;
interface DriversByKind {
  readonly storage: StorageDriver;
  readonly network: NetworkDriver;
  readonly log: LogDriver;
}

export interface OpenDriversOptions {
  readonly builtin: readonly DriverPackage[];
  /** The state of one driver, asked for at each call. */
  readonly stateFor: (kind: DriverKind, name: string) => DriverState;
  /** Directories of installed drivers; a built-in one of the same kind and name wins. */
  readonly directories?: readonly string[];
  /** How long a call may take; by default `none` for built-in drivers, and `DEADLINES` for installed ones. */
  readonly deadlines?: Deadlines | 'none';
  readonly onLog?: (driver: DriverInfo, ...line: Parameters<NonNullable<DriverOptions['onLog']>>) => void;
}

/** How well a driver would do here. */
export interface Candidate extends Fitness {
  readonly name: string;
}

export interface Drivers {
  /** @throws WherryError `E_DRIVER_NOT_INSTALLED` */
  storage(name: string): StorageDriver;
  /** @throws WherryError `E_DRIVER_NOT_INSTALLED` */
  network(name: string): NetworkDriver;
  /** @throws WherryError `E_DRIVER_NOT_INSTALLED` */
  log(name: string): LogDriver;
  /** What there is, sorted by kind and name. Loads nothing. */
  list(): DriverInfo[];
  /**
   * Probes every driver of a kind that comes with Wherry, the fittest first; one that breaks down scores 0 and says why. An
   * installed one is used where it is named, whatever it thinks of itself.
   */
  candidates(kind: DriverKind, facts: Facts): Candidate[];
}

/** Makes the drivers known; each is loaded at its first call. Everything is synchronous. */
export function openDrivers(options: OpenDriversOptions): Drivers {
  const packages = new Map<string, DriverPackage>();
  const installed = (options.directories ?? []).flatMap((directory) => readInstalled(directory));
  for (const source of [...options.builtin, ...installed]) {
    const { kind, name } = source.manifest.info;
    const key = `${kind}/${name}`;
    if (!packages.has(key)) packages.set(key, source);
  }
  const opened = new Map<string, unknown>();
  const open = <K extends DriverKind>(kind: K, name: string): DriversByKind[K] => {
    const key = `${kind}/${name}`;
    const source = packages.get(key);
    if (source === undefined) throw notInstalled(kind, name, namesOf(packages, kind));
    const deadlines = options.deadlines ?? (options.builtin.includes(source) ? 'none' : DEADLINES);
    const driver = opened.get(key) ?? typedDriver(source, { ...options, deadlines });
    opened.set(key, driver);
    return driver as DriversByKind[K];
  };
  return {
    storage: (name) => open('storage', name),
    network: (name) => open('network', name),
    log: (name) => open('log', name),
    list: () => [...packages.keys()].sort().flatMap((key) => packages.get(key)?.manifest.info ?? []),
    candidates: (kind, facts) =>
      options.builtin
        .flatMap(({ manifest: { info } }) => (info.kind === kind ? info.name : []))
        .sort()
        .map((name) => ({ name, ...fitnessOf(open(kind, name), facts) }))
        .sort((a, b) => b.score - a.score),
  };
}

/** One driver with its kind's functions as methods. */
export function typedDriver(
  source: DriverPackage,
  options: Omit<OpenDriversOptions, 'builtin' | 'directories'>,
): unknown {
  const { info } = source.manifest;
  const driver = new Driver(source, () => options.stateFor(info.kind, info.name), {
    ...(options.deadlines && { deadlines: options.deadlines }),
    onLog: (level, message) => options.onLog?.(info, level, message),
  });
  const methods = Object.keys(SCHEMA.interfaces[info.kind].functions).map((name) => [
    name,
    (...args: unknown[]) => driver.call(name, args),
  ]);
  return { info, ...Object.fromEntries(methods) };
}

function fitnessOf(driver: { probe(facts: Facts): Called<Fitness> }, facts: Facts): Fitness {
  try {
    return driver.probe(facts).value;
  } catch (error) {
    if (error instanceof WherryError) return { score: 0, reason: error.message };
    throw error;
  }
}

function namesOf(packages: ReadonlyMap<string, DriverPackage>, kind: DriverKind): string[] {
  return [...packages.values()]
    .flatMap(({ manifest }) => (manifest.info.kind === kind ? manifest.info.name : []))
    .sort();
}

function notInstalled(kind: DriverKind, name: string, known: readonly string[]): WherryError {
  const why = whyAbsent(kind, name);
  const choice =
    known.length === 0 ? `No ${kind} driver is installed.` : `Choose one of: ${known.join(', ')}.`;
  return new WherryError(`there is no ${kind} driver named ${JSON.stringify(name)}`, {
    code: 'E_DRIVER_NOT_INSTALLED',
    hint: why === undefined ? choice : `${why} ${choice}`,
  });
}
