import type { CreateVolumeRequest, VolumeSummary, Volumes } from '../api.ts';
import type { ArchiveContext } from './archive.ts';
import type { VolumeRow } from './table.ts';
import type { VolumeStore } from './volumes.ts';

export interface ServiceContext extends ArchiveContext {
  readonly volumes: VolumeStore;
  /** Takes into the database that containers have gone with which volumes go. */
  readonly settle: () => Promise<void>;
}

/** Volumes as the CLI and other callers see them. */
export class VolumeService implements Volumes {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  async create(request: CreateVolumeRequest): Promise<VolumeSummary> {
    return this.#summary(this.#context.volumes.create(request));
  }

  async list(): Promise<readonly VolumeSummary[]> {
    await this.#context.settle();
    const { table } = this.#context.volumes;
    const counts = table.useCounts();
    return table.all().map((row) => this.#summary(row, counts.get(row.name) ?? 0));
  }

  async find(name: string): Promise<VolumeSummary> {
    await this.#context.settle();
    return this.#summary(this.#context.volumes.find(name));
  }

  async remove(name: string): Promise<void> {
    await this.#context.settle();
    await this.#context.volumes.remove(name);
  }

  async prune(
    select: (volume: Pick<VolumeSummary, 'name' | 'anonymous' | 'labels'>) => boolean,
  ): Promise<{ readonly names: readonly string[]; readonly reclaimed: number }> {
    await this.#context.settle();
    return this.#context.volumes.prune(select);
  }

  usage(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#context.volumes.usage(names);
  }

  async *export(name: string): AsyncGenerator<Uint8Array> {
    const { exportVolume } = await import('./archive.ts');
    yield* exportVolume(this.#context, this.#context.volumes.find(name));
  }

  async import(name: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
    const row = this.#context.volumes.find(name);
    const { importVolume } = await import('./archive.ts');
    await importVolume(this.#context, row, archive);
  }

  #summary(row: VolumeRow, links = this.#context.volumes.table.users(row.name).length): VolumeSummary {
    const mountpoint = this.#context.store.paths.volume(row.name);
    return { ...row, driver: 'local', scope: 'local', mountpoint, links };
  }
}
