import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerContext } from '../container/context.ts';
import { timestamp } from '../container/time.ts';
import { WherryError } from '../errors/error.ts';
import { errnoOf, explainWriteFailure } from '../store/errno.ts';
import { directoryMode } from '../store/private-directory.ts';
import type { InstallPluginRequest, PluginSummary, Plugins } from './api.ts';
import { builtinDrivers } from './builtin.ts';
import type { DriverInfo } from './contract.ts';
import { examineDriver } from './examine.ts';
import type { DriverManifest } from './package.ts';

type Context = Pick<ContainerContext, 'store'>;

/** `manifest.json` of an installed driver. */
interface InstalledManifest extends DriverManifest {
  readonly digest: string;
  readonly installed: string;
}

/** Drivers that users install: a directory `plugins/KIND-NAME` each, with its manifest and its core module. */
export class PluginService implements Plugins {
  readonly #store: Context['store'];
  readonly #directory: string;

  constructor({ store }: Context) {
    this.#store = store;
    this.#directory = store.paths.plugins;
  }

  async install({ component, source, grant }: InstallPluginRequest): Promise<PluginSummary> {
    const { manifest, core } = examineDriver(component, source);
    const { info } = manifest;
    this.#refuseTaken(info);
    if (info.permissions.length > 0 && !(await grant(info, info.permissions))) throw notGranted(info);
    const digest = `sha256:${createHash('sha256').update(component).digest('hex')}`;
    const kept: InstalledManifest = { ...manifest, digest, installed: timestamp() };
    try {
      this.#write(kept, core);
    } catch (error) {
      if (['EEXIST', 'ENOTEMPTY'].includes(errnoOf(error) ?? '')) throw exists(info);
      throw explainWriteFailure(error, `the ${info.kind} driver ${info.name}`);
    }
    return summaryOf(kept);
  }

  async list(): Promise<readonly PluginSummary[]> {
    if (!existsSync(this.#directory)) return [];
    return readdirSync(this.#directory)
      .sort()
      .flatMap((name) => {
        const manifest = readManifest(join(this.#directory, name));
        return manifest === undefined ? [] : [summaryOf(manifest)];
      });
  }

  async find(name: string): Promise<PluginSummary> {
    const found = (await this.list()).filter(
      ({ info }) => info.name === name || `${info.kind}/${info.name}` === name,
    );
    const [only] = found;
    if (only === undefined || found.length > 1) throw notFound(name, found);
    return only;
  }

  async remove(name: string): Promise<void> {
    const { info } = await this.find(name);
    const { database, temporary } = this.#store;
    const aside = temporary.path();
    database.transaction(() => {
      const user = this.#userOf(info);
      if (user !== undefined) throw inUse(info, user);
      database.run('DELETE FROM driver_state WHERE driver = ?', `${info.kind}-${info.name}`);
      renameSync(this.#pathOf(info), aside);
    });
    rmSync(aside, { recursive: true });
  }

  #write(manifest: InstalledManifest, core: Uint8Array): void {
    const mode = directoryMode(process.geteuid?.() ?? 0);
    const made = this.#store.temporary.path();
    mkdirSync(made, { mode });
    writeFileSync(join(made, 'core.wasm'), core, { mode: 0o600, flush: true });
    writeFileSync(join(made, 'manifest.json'), JSON.stringify(manifest), { mode: 0o600, flush: true });
    if (!existsSync(this.#directory)) mkdirSync(this.#directory, { mode });
    renameSync(made, this.#pathOf(manifest.info));
  }

  #pathOf({ kind, name }: DriverInfo): string {
    return join(this.#directory, `${kind}-${name}`);
  }

  #refuseTaken(info: DriverInfo): void {
    const same = ({ kind, name }: DriverInfo): boolean => kind === info.kind && name === info.name;
    if (builtinDrivers().some(({ manifest }) => same(manifest.info)))
      throw new WherryError(`A ${info.kind} driver named ${info.name} comes with Wherry.`, {
        code: 'E_PLUGIN_EXISTS',
        hint: 'Its author has to give this one another name.',
      });
    if (existsSync(this.#pathOf(info))) throw exists(info);
  }

  /** A name of something that needs the driver. */
  #userOf({ kind, name }: DriverInfo): string | undefined {
    const { database } = this.#store;
    const first = (sql: string): string | undefined => database.get<{ text: string }>(sql, name)?.text;
    switch (kind) {
      case 'storage':
        return (
          first("SELECT 'container ' || name AS text FROM container WHERE storage_driver = ? LIMIT 1") ??
          first("SELECT 'layer ' || chain_id AS text FROM layer WHERE driver = ? LIMIT 1")
        );
      case 'network':
        return first("SELECT 'network ' || name AS text FROM network WHERE driver = ? LIMIT 1");
      case 'log':
        return first(
          "SELECT 'container ' || name AS text FROM container WHERE spec ->> 'logDriver' = ? LIMIT 1",
        );
    }
  }
}

/** Undefined for what is no manifest of ours: `openDrivers` passes over it, too. */
function readManifest(directory: string): InstalledManifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as DriverManifest;
    // One that was put there by hand has neither.
    return { digest: '', installed: '', ...manifest };
  } catch {
    return undefined;
  }
}

function summaryOf({ info, contract, digest, installed }: InstalledManifest): PluginSummary {
  return { info, contract, digest, installed };
}

function exists({ kind, name }: DriverInfo): WherryError {
  return new WherryError(`A ${kind} driver named ${name} is installed already.`, {
    code: 'E_PLUGIN_EXISTS',
    hint: `wherry plugin rm ${kind}/${name}   removes it.`,
  });
}

function notGranted({ kind, name }: DriverInfo): WherryError {
  return new WherryError(`The ${kind} driver ${name} was not granted what it asks for.`, {
    code: 'E_PLUGIN_REFUSED',
    hint: 'Nothing was installed. --grant-all-permissions grants it without a question.',
  });
}

function notFound(name: string, found: readonly PluginSummary[]): WherryError {
  const choices = found.map(({ info }) => `${info.kind}/${info.name}`).join(' or ');
  return found.length > 1
    ? new WherryError(`Several plugins are named ${name}.`, {
        code: 'E_PLUGIN_NOT_FOUND',
        hint: `Say ${choices}.`,
      })
    : new WherryError(`plugin ${JSON.stringify(name)} not found`, {
        code: 'E_PLUGIN_NOT_FOUND',
        hint: 'wherry plugin ls   lists those that are installed; wherry info names those that come with Wherry.',
      });
}

function inUse({ kind, name }: DriverInfo, user: string): WherryError {
  return new WherryError(`The ${kind} driver ${name} is in use: the ${user} needs it.`, {
    code: 'E_PLUGIN_IN_USE',
    hint: `Remove what uses it first.`,
  });
}
