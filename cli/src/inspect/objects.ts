import { forEachNamed } from '../each.ts';
import type { GlobalOptions } from '../flags/global.ts';
import { orderedJson } from '../format/maps.ts';
import { compileOne } from '../format/one.ts';
import { print } from '../terminal/output.ts';

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Prints objects as `docker inspect` does: a list of what was found, or a line for each by `--format`. What isn't there is
 * reported, and the exit status is 1.
 *
 * @throws WherryError `E_TEMPLATE`
 */
export async function inspectObjects(
  names: readonly string[],
  format: string | undefined,
  options: GlobalOptions,
  lookUp: (name: string) => Promise<Fields>,
): Promise<number> {
  const found: Fields[] = [];
  const whole = format === undefined || format === 'json';
  const render = format === undefined ? undefined : await compileOne(format);
  const status = await forEachNamed(names, options, async (name) => {
    const object = await lookUp(name);
    if (whole || render === undefined) found.push(object);
    else print(render(object));
  });
  if (whole) print(render?.(found) ?? orderedJson(found, 4) ?? '');
  return status;
}

/**
 * Whether a template may show what is in a field of an object: all of them may be in what has no name, `{{json .}}`. What takes time to
 * find out is then left out of the others.
 */
export function mayShow(format: string | undefined, field: string): boolean {
  return (
    format === undefined || format === 'json' || format.includes(field) || /\.(?![A-Za-z0-9_])/.test(format)
  );
}
