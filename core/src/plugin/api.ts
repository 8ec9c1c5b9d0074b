import type { DriverInfo, Permission } from './contract.ts';

/** A driver that was installed, beside those that come with Wherry. */
export interface PluginSummary {
  readonly info: DriverInfo;
  /** The package of the contract that it was built for. */
  readonly contract: string;
  /** `sha256:` and 64 digits, of the component that it was installed from. */
  readonly digest: string;
  /** RFC 3339. */
  readonly installed: string;
}

export interface InstallPluginRequest {
  /** The component's bytes. */
  readonly component: Uint8Array;
  /** What errors call it: the file's name. */
  readonly source: string;
  /** Whether it gets what it asks for; not called when that is nothing. */
  readonly grant: (info: DriverInfo, permissions: readonly Permission[]) => boolean | Promise<boolean>;
}

export interface Plugins {
  /** @throws WherryError `E_DRIVER_…`, `E_PLUGIN_EXISTS`, `E_PLUGIN_REFUSED` when `grant` says no */
  install(request: InstallPluginRequest): Promise<PluginSummary>;
  /** Sorted by kind and name. */
  list(): Promise<readonly PluginSummary[]>;
  /** By its name, or KIND/NAME where drivers of several kinds have it. @throws WherryError `E_PLUGIN_NOT_FOUND` */
  find(name: string): Promise<PluginSummary>;
  /** With what it keeps in its state. @throws WherryError `E_PLUGIN_NOT_FOUND`, `E_PLUGIN_IN_USE` */
  remove(name: string): Promise<void>;
}
