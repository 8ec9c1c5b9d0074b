import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { CheckReport, CheckRequest } from '../api.ts';
import type { ContainerContext } from '../container/context.ts';
import { WherryError } from '../errors/error.ts';
import type { ImageService } from '../image/images.ts';
import { checkBlobs } from './blobs.ts';
import { checkContainers } from './containers.ts';
import { checkDatabase } from './database.ts';
import type { LayersContext } from './driver-layers.ts';
import { type Fault, sameFault } from './fault.ts';
import { checkImages } from './images.ts';
import { checkLayers } from './layers.ts';
import { checkLeftovers } from './leftovers.ts';
import { checkNetworkState } from './network-state.ts';
import { checkVolumes } from './volumes.ts';

const SETTLE_MS = 300;

interface Pass {
  readonly checked: CheckReport['checked'];
  readonly faults: readonly Fault[];
  readonly unread: number;
}

/**
 * Compares the state with itself: database, blobs, images, layers, containers, volumes, files. Changes nothing unless it is to mend.
 * A fault counts when it is found twice.
 */
export async function checkState(
  context: ContainerContext,
  images: ImageService,
  { quick = false, repair = false, settleMs = SETTLE_MS, signal }: CheckRequest,
): Promise<CheckReport> {
  const check = new StateCheck(context, images, signal);
  const first = await check.pass(!quick);
  const faults = first.faults.length === 0 ? [] : await check.confirmed(first.faults, !quick, settleMs);
  if (!repair) return { ...first, faults: faults.map(shown) };
  return { ...first, faults: await repaired(check, faults, !quick) };
}

/** Mends, and looks again: what was hidden by a fault, as the files of a layer whose blob was missing, may show then. */
async function repaired(
  check: StateCheck,
  found: readonly Fault[],
  thorough: boolean,
): Promise<CheckReport['faults']> {
  const outcomes: CheckReport['faults'][number][] = [];
  const tried: Fault[] = [];
  for (let left = found; left.length > 0; ) {
    for (const fault of left) outcomes.push({ ...shown(fault), ...(await mended(fault)) });
    tried.push(...left);
    const { faults } = await check.pass(thorough);
    left = faults.filter((fault) => !tried.some((each) => sameFault(each, fault)));
  }
  return outcomes;
}

const shown = ({ kind, subject, message }: Fault): CheckReport['faults'][number] => ({
  kind,
  subject,
  message,
});

class StateCheck {
  readonly #context: ContainerContext;
  readonly #images: ImageService;
  readonly #layers: LayersContext;
  readonly #signal: AbortSignal | undefined;

  constructor(context: ContainerContext, images: ImageService, signal: AbortSignal | undefined) {
    this.#context = context;
    this.#images = images;
    this.#signal = signal;
    const { blobs } = images;
    this.#layers = {
      containers: context,
      ensureLayers: (image, driver) => images.ensureLayers(image, driver || undefined, signal),
      blob: (digest) =>
        statSync(blobs.path(digest), { throwIfNoEntry: false }) === undefined
          ? undefined
          : blobs.read(digest),
      fetch: (digest) => images.fetch(digest, signal),
    };
  }

  /** In the order in which things are mended: what others are mended from comes first. */
  async pass(thorough: boolean): Promise<Pass> {
    const database = checkDatabase(this.#context.store.database);
    // Nothing that a damaged database says can be relied on.
    if (database.length > 0) return { checked: NOTHING, faults: database, unread: 0 };
    const { blobs } = this.#images;
    const blob = await checkBlobs(this.#images.fetching, { thorough });
    const image = checkImages({ store: this.#context.store, blobs });
    this.#signal?.throwIfAborted();
    const layer = await checkLayers(this.#layers, { thorough });
    const container = await checkContainers(this.#context);
    const volume = checkVolumes(this.#context);
    const leftovers = await checkLeftovers(this.#layers, (path) => this.#context.volumes.removeTrees([path]));
    const network = checkNetworkState(this.#context);
    return {
      checked: {
        blobs: blob.count,
        images: image.count,
        layers: layer.count,
        containers: container.count,
        volumes: volume.count,
      },
      unread: layer.unread,
      faults: [blob, image, layer, container, volume, { faults: [...leftovers, ...network] }].flatMap(
        ({ faults }) => faults,
      ),
    };
  }

  /** Those that are found once more. */
  async confirmed(faults: readonly Fault[], thorough: boolean, settleMs: number): Promise<readonly Fault[]> {
    await delay(settleMs, undefined, { signal: this.#signal });
    const again = await this.pass(thorough);
    return again.faults.filter((fault) => faults.some((each) => sameFault(each, fault)));
  }
}

const NOTHING: CheckReport['checked'] = { blobs: 0, images: 0, layers: 0, containers: 0, volumes: 0 };

async function mended({ mend }: Fault): Promise<{ readonly mended: boolean; readonly outcome: string }> {
  if (mend === undefined) return { mended: false, outcome: 'It can not be mended.' };
  try {
    return { mended: true, outcome: await mend() };
  } catch (error) {
    if (!(error instanceof WherryError)) throw error;
    return { mended: false, outcome: `It can not be mended: ${error.message}` };
  }
}
