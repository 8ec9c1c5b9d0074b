import { readable } from '../tree/failure.ts';
import { type BytePath, MAX_NAME, MAX_PATH } from '../tree/protocol.ts';
import { TarError } from './error.ts';

const PLAIN = /^(?!\.{1,2}(?:\/|$))[^/]+(?:\/(?!\.{1,2}(?:\/|$))[^/]+)*$/s;

/**
 * A member's name as a path below the root: slashes at the ends, `.` and empty components taken away, `..` resolved
 * within the name, as Docker does. A link on the way is followed by the worker, inside the root.
 *
 * @throws TarError when it climbs out, or is longer than Linux takes.
 */
export function cleanPath(name: BytePath): BytePath {
  const path = tidy(name);
  if (path.length > MAX_PATH) throw refused(name, `is longer than ${MAX_PATH} bytes`);
  if (path.length > MAX_NAME && path.split('/').some((each) => each.length > MAX_NAME))
    throw refused(name, `has a component of more than ${MAX_NAME} bytes`);
  return path;
}

function tidy(name: BytePath): BytePath {
  const trimmed = name.endsWith('/') ? name.replace(/\/+$/, '') : name;
  if (PLAIN.test(trimmed)) return trimmed;
  const kept: string[] = [];
  for (const component of trimmed.split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') kept.push(component);
    else if (kept.pop() === undefined) throw refused(name, 'leads out of the root file system');
  }
  return kept.join('/');
}

/** `what` completes "… holds a name that …". */
export function refused(name: BytePath, what: string): TarError {
  const text = readable(name);
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return new TarError(`holds the name “${short}”, which ${what}`, { corrupt: false });
}
