import type { Database } from '../store/database.ts';

const JOINS = 'container:';

/**
 * Containers whose network namespace others that have been started share by `--network container:`, whether they run themselves or
 * not: what is in the namespace stays as long as any of them is there. One that is started anew has another namespace, and takes the
 * links away from the old one.
 */
export function heldNamespaces(database: Database): ReadonlySet<string> {
  const joined = (id: string): string | undefined =>
    modeOf(
      database.get<{ network: string }>(`SELECT ${NETWORK} AS network FROM container WHERE id = ?`, id)
        ?.network ?? '',
    );
  const started = database.all<{ network: string }>(
    `SELECT ${NETWORK} AS network FROM container WHERE state = 'started' AND instr(spec, '"network":"${JOINS}')`,
  );
  const held = new Set<string>();
  for (const { network } of started) {
    // Which may itself have joined another one.
    for (let id = modeOf(network); id !== undefined && !held.has(id); id = joined(id)) held.add(id);
  }
  return held;
}

const NETWORK = `json_extract(spec, '$.network')`;

/** The container that is joined. */
const modeOf = (network: string): string | undefined =>
  network.startsWith(JOINS) ? network.slice(JOINS.length) : undefined;
