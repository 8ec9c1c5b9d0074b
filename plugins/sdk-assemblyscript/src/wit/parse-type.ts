import type { Cursor } from './cursor.ts';
import { PRIMITIVES, type TypeSyntax } from './syntax.ts';

const UNSUPPORTED = new Set(['own', 'borrow', 'stream', 'future', 'map', 'error-context']);

/** Reads a type (WIT.md, "Types"). Resources, streams and futures are refused: this package's contracts are plain data. */
export function parseType(cursor: Cursor): TypeSyntax {
  const { line, text } = cursor.peek;
  const name = cursor.identifier();
  if (text.startsWith('%')) return { kind: 'name', name, line };
  if (UNSUPPORTED.has(name)) cursor.fail(`${name} isn't supported, only plain data is`);
  const primitive = PRIMITIVES.find((candidate) => candidate === name);
  if (primitive !== undefined) return { kind: 'primitive', name: primitive };
  if (name === 'list' || name === 'option') {
    cursor.expect('<');
    const element = parseType(cursor);
    cursor.expect('>');
    return { kind: name, element };
  }
  if (name === 'tuple') {
    cursor.expect('<');
    return { kind: 'tuple', elements: cursor.commaSeparated('>', () => parseType(cursor)) };
  }
  if (name === 'result') return parseResult(cursor);
  return { kind: 'name', name, line };
}

function parseResult(cursor: Cursor): TypeSyntax {
  if (!cursor.accept('<')) return { kind: 'result' };
  const ok = cursor.accept('_') ? undefined : parseType(cursor);
  const err = cursor.accept(',') ? parseType(cursor) : undefined;
  cursor.expect('>');
  return { kind: 'result', ...(ok && { ok }), ...(err && { err }) };
}
