import { byKey, isObject, orderedJson } from '../maps.ts';
import { isMap, isNil } from './typed-nil.ts';

/** How Go's fmt prints a value with %v: `map[a:1 b:2]`, `[x y]`, `<nil>`. */
export function goPrint(value: unknown): string {
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goPrint).join(' ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, each]) => `${key}:${goPrint(each)}`).join(' ')}]`;
  }
  return String(value);
}

/** What Go's encoding/json writes: no space, HTML's characters escaped. Functions of a row are left out. */
export function goJson(value: unknown): string {
  const own = isMap(value) && isObject(value) ? byKey(value) : value;
  const text = isNil(value) ? 'null' : (orderedJson(own) ?? 'null');
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Go's fmt.Sprintf for the verbs that templates use: %s %v %d %q %t %x %X %o %b %c %e %f %g %%, flags, width, precision. */
export function goSprintf(format: string, ...values: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(
    /%([-+ 0#]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (next >= values.length) return `%!${verb}(MISSING)`;
      const value = formatVerb(
        verb,
        values[next++],
        flags,
        precision === undefined ? undefined : Number(precision),
      );
      const columns = Number(width);
      if (flags.includes('-')) return value.padEnd(columns);
      const zeros = flags.includes('0') && /^[-+]?\d/.test(value);
      if (!zeros) return value.padStart(columns);
      const sign = /^[-+]/.test(value) ? value.charAt(0) : '';
      return sign + value.slice(sign.length).padStart(columns - sign.length, '0');
    },
  );
  const extra = values.slice(next);
  return extra.length === 0
    ? text
    : `${text}%!(EXTRA ${extra.map((each) => `${goType(each)}=${goPrint(each)}`).join(', ')})`;
}

function formatVerb(verb: string, value: unknown, flags: string, precision: number | undefined): string {
  const number = typeof value === 'number' ? value : Number.NaN;
  const signed = (text: string) => (flags.includes('+') && number >= 0 ? `+${text}` : text);
  const wrong = () => `%!${verb}(${goType(value)}=${goPrint(value)})`;
  const whole = (base: number) => (Number.isInteger(number) ? signed(number.toString(base)) : wrong());
  switch (verb) {
    case 'v':
      return goPrint(value);
    case 's': {
      if (typeof value === 'number' || typeof value === 'boolean') return wrong();
      return goPrint(value).slice(0, precision);
    }
    case 'q':
      return typeof value === 'string' ? JSON.stringify(value) : wrong();
    case 't':
      return typeof value === 'boolean' ? String(value) : wrong();
    case 'd':
      return whole(10);
    case 'o':
      return whole(8);
    case 'b':
      return whole(2);
    case 'x':
    case 'X': {
      const text = typeof value === 'string' ? Buffer.from(value).toString('hex') : whole(16);
      return verb === 'X' ? text.toUpperCase() : text;
    }
    case 'c':
      return Number.isInteger(number) ? String.fromCodePoint(number) : wrong();
    case 'f':
      return Number.isNaN(number) ? wrong() : signed(number.toFixed(precision ?? 6));
    case 'e':
      return Number.isNaN(number)
        ? wrong()
        : signed(number.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2'));
    case 'g':
      return Number.isNaN(number)
        ? wrong()
        : signed(String(precision === undefined ? number : Number(number.toPrecision(precision || 1))));
    case 'T':
      return goType(value);
    default:
      return wrong();
  }
}

function goType(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'object' ? 'map[string]interface {}' : 'string';
}
