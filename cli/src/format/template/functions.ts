import { templateError } from './error.ts';
import { goJson, goPrint, goSprintf } from './print.ts';

export type TemplateFunction = (...values: unknown[]) => unknown;

/** Go's idea of what counts as false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** text/template's own functions but `and` and `or` (which don't evaluate what they don't need), and Docker's. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  // text/template
  not: (value) => !isTrue(value),
  len: (value) => length(value),
  index: (value, ...keys) => keys.reduce(element, value),
  slice: (value, from = 0, to = undefined) =>
    slice(value, Number(from), to === undefined ? undefined : Number(to)),
  print: (...values) => spaced(values),
  printf: (format, ...values) => goSprintf(text(format, 'printf'), ...values),
  println: (...values) => `${values.map(goPrint).join(' ')}\n`,
  eq: (first, ...others) => others.some((each) => same(first, each)),
  ne: (first, second) => !same(first, second),
  lt: (first, second) => compare(first, second) < 0,
  le: (first, second) => compare(first, second) <= 0,
  gt: (first, second) => compare(first, second) > 0,
  ge: (first, second) => compare(first, second) >= 0,
  html: (...values) => spaced(values).replace(/[<>&"'\0]/g, (char) => HTML[char] ?? char),
  urlquery: (...values) => encodeURIComponent(spaced(values)).replaceAll('%20', '+'),
  // Docker's
  json: (value) => goJson(value),
  split: (value, separator) => text(value, 'split').split(text(separator, 'split')),
  join: (value, separator) => list(value, 'join').map(goPrint).join(text(separator, 'join')),
  title: (value) => text(value, 'title').replace(/(^|\s)\p{L}/gu, (start) => start.toUpperCase()),
  lower: (value) => text(value, 'lower').toLowerCase(),
  upper: (value) => text(value, 'upper').toUpperCase(),
  pad: (value, before, after) => {
    const padded = text(value, 'pad');
    return padded === '' ? '' : ' '.repeat(Number(before)) + padded + ' '.repeat(Number(after));
  },
  truncate: (value, size) => text(value, 'truncate').slice(0, Number(size)),
};

const HTML: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\uFFFD',
};

/** fmt.Sprint: a space between two operands when neither is a string. */
function spaced(values: readonly unknown[]): string {
  return values.reduce<string>((before, value, index) => {
    const gap = index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string' ? ' ' : '';
    return before + gap + goPrint(value);
  }, '');
}

function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw templateError(
    `error calling len: len of ${value === null || value === undefined ? 'nil pointer' : `type ${typeof value}`}`,
  );
}

function element(value: unknown, key: unknown): unknown {
  if (Array.isArray(value) || typeof value === 'string') {
    const index = Number(key);
    if (!Number.isInteger(index) || index < 0 || index >= value.length) {
      throw templateError(`error calling index: index out of range: ${goPrint(key)}`);
    }
    return typeof value === 'string' ? Buffer.from(value)[index] : value[index];
  }
  if (typeof value === 'object' && value !== null) {
    if (Object.hasOwn(value, String(key))) return Reflect.get(value, String(key));
    // The zero value of a map of strings.
    return Object.values(value).every((each) => typeof each === 'string') ? '' : undefined;
  }
  throw templateError('error calling index: index of untyped nil');
}

function slice(value: unknown, from: number, to: number | undefined): unknown {
  if (typeof value === 'string' || Array.isArray(value)) return value.slice(from, to);
  throw templateError("error calling slice: can't slice item of this type");
}

function same(first: unknown, second: unknown): boolean {
  return typeof first === 'object' && first !== null
    ? goJson(first) === goJson(second)
    : (first ?? null) === (second ?? null);
}

function compare(first: unknown, second: unknown): number {
  if (typeof first === 'number' && typeof second === 'number') return first - second;
  if (typeof first === 'string' && typeof second === 'string')
    return first < second ? -1 : first > second ? 1 : 0;
  throw templateError('error calling comparison: incompatible types for comparison');
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw templateError(`error calling ${name}: expected a string, got ${goPrint(value)}`);
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw templateError(`error calling ${name}: expected a list, got ${goPrint(value)}`);
}
