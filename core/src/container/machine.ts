import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, WherryError } from '../errors/error.ts';
import { chooseIdmap, type IdmapChoice } from '../idmap/choose.ts';
import { mapInForce, readHeldMap } from '../idmap/held.ts';
import { readIdmapFacts } from '../idmap/read-facts.ts';
import { gatherFacts, supportsReflink } from '../plan/facts.ts';
import { type Platform, thisPlatform } from '../platform/platform.ts';
import type { Facts } from '../plugin/contract.ts';
import { closedParent } from '../store/passage.ts';
import type { Environment } from '../store/root.ts';
import type { Store } from '../store/store.ts';
import { readSetting, writeSetting } from './setting.ts';

/** What this machine is and gives, each looked up when it is first asked for. */
export class Machine {
  readonly #store: Store;
  readonly #env: Environment;
  #idmap: IdmapChoice | undefined;
  #facts: Facts | undefined;

  constructor(store: Store, env: Environment) {
    this.#store = store;
    this.#env = env;
  }

  get platform(): Platform {
    return thisPlatform();
  }

  /** The ids of this user's containers: those of containers that run, else what the machine grants. Root's private range is settled once, as files will have its ids. */
  get idmap(): IdmapChoice {
    this.#idmap ??= this.#settledIdmap();
    return this.#idmap;
  }

  /** What drivers are told. */
  get facts(): Facts {
    this.#facts ??= gatherFacts({
      platform: this.platform,
      stateFilesystem: this.#store.paths.filesystem,
      reflink: this.#reflink(),
      singleId: this.idmap.mode === 'single-id',
      path: this.#env.PATH ?? '',
    });
    return this.#facts;
  }

  /** The host's ids that root inside is; undefined when these are the user's own. */
  get mappedRoot(): { readonly uid: number; readonly gid: number } | undefined {
    const { mode, uids, gids } = this.idmap;
    const [uid] = uids;
    const [gid] = gids;
    if (mode !== 'root-range' || uid === undefined || gid === undefined) return undefined;
    return { uid: uid.outside, gid: gid.outside };
  }

  #settledIdmap(): IdmapChoice {
    const { database, paths } = this.#store;
    if (process.getuid?.() !== 0)
      return mapInForce(chooseIdmap(readIdmapFacts()), readHeldMap(paths.runtime()));
    const kept = readSetting(database, 'root-idmap');
    if (kept !== undefined) return JSON.parse(kept) as IdmapChoice;
    const chosen = chooseIdmap(readIdmapFacts());
    if (chosen.mode !== 'root-range') return chosen;
    refuseClosedPlace(paths.root);
    writeSetting(database, 'root-idmap', JSON.stringify(chosen));
    return chosen;
  }

  /** Tried once for a file system: the trial writes. */
  #reflink(): boolean {
    const { database, paths } = this.#store;
    const key = `reflink-${paths.filesystem}`;
    const kept = readSetting(database, key);
    if (kept !== undefined) return kept === '1';
    const answer = supportsReflink(paths.temporary);
    writeSetting(database, key, answer ? '1' : '0');
    return answer;
  }
}

/** @throws WherryError `E_STATE_DIRECTORY` when ids that belong to nobody can't get to the state's files */
function refuseClosedPlace(root: string): void {
  const closed = closedParent(root, () => false);
  if (closed === undefined) return;
  throw new WherryError(
    `Root's containers can't reach ${root}: they run as ids that belong to nobody, to whom ${closed} is closed.`,
    {
      code: 'E_STATE_DIRECTORY',
      hint: 'Leave WHERRY_ROOT unset, for /var/lib/wherry, or name a directory below ones that others may pass through.',
      exitCode: EXIT.engine,
    },
  );
}

/** Directory of what can be made again at any time. */
export function cacheDirectory(store: Store, name: string): string {
  const path = join(store.paths.root, 'cache', name);
  if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}
