import { Cursor } from './cursor.ts';
import { tokenize } from './lexer.ts';
import { parseType } from './parse-type.ts';
import type {
  DefinitionSyntax,
  FileSyntax,
  FunctionSyntax,
  InterfaceSyntax,
  MemberSyntax,
  UseSyntax,
  WorldSyntax,
} from './syntax.ts';

/**
 * Parses one WIT file: a package declaration, interfaces and worlds.
 * @throws WitError with file and line
 */
export function parseWit(text: string, source: string): FileSyntax {
  const cursor = new Cursor(tokenize(text, source), source);
  cursor.expect('package');
  const name = parsePackageName(cursor);
  const interfaces: InterfaceSyntax[] = [];
  const worlds: WorldSyntax[] = [];
  while (cursor.peek.kind !== 'end') {
    const { doc } = cursor.peek;
    if (cursor.accept('interface')) interfaces.push(parseInterface(cursor, doc));
    else if (cursor.accept('world')) worlds.push(parseWorld(cursor, doc));
    else cursor.fail(`expected an interface or a world, found ${JSON.stringify(cursor.peek.text)}`);
  }
  return { source, package: name, interfaces, worlds };
}

function parsePackageName(cursor: Cursor): string {
  const namespace = cursor.identifier();
  cursor.expect(':');
  const name = `${namespace}:${cursor.identifier()}`;
  const version = cursor.accept('@') ? `@${cursor.next().text}` : '';
  cursor.expect(';');
  return name + version;
}

function parseInterface(cursor: Cursor, doc: readonly string[]): InterfaceSyntax {
  const name = cursor.identifier();
  const uses: UseSyntax[] = [];
  const definitions: DefinitionSyntax[] = [];
  const functions: FunctionSyntax[] = [];
  cursor.expect('{');
  while (!cursor.accept('}')) {
    const start = cursor.peek;
    if (cursor.accept('use')) uses.push(...parseUse(cursor));
    else if (cursor.accept('type')) {
      const alias = cursor.identifier();
      cursor.expect('=');
      definitions.push({ kind: 'alias', name: alias, doc: start.doc, type: parseType(cursor) });
      cursor.expect(';');
    } else if (start.text === 'record' || start.text === 'variant' || start.text === 'enum') {
      cursor.next();
      definitions.push({
        kind: start.text,
        name: cursor.identifier(),
        doc: start.doc,
        members: parseMembers(cursor, start.text),
      });
    } else if (start.text === 'resource' || start.text === 'flags')
      cursor.fail(`${start.text} isn't supported`);
    else functions.push(parseFunction(cursor));
  }
  return { name, doc, uses, definitions, functions };
}

function parseUse(cursor: Cursor): UseSyntax[] {
  const { line } = cursor.peek;
  const from = cursor.identifier();
  cursor.expect('.');
  cursor.expect('{');
  const uses = cursor.commaSeparated('}', () => {
    const name = cursor.identifier();
    return { from, name, as: cursor.accept('as') ? cursor.identifier() : name, line };
  });
  cursor.expect(';');
  return uses;
}

function parseMembers(cursor: Cursor, kind: 'record' | 'variant' | 'enum'): MemberSyntax[] {
  cursor.expect('{');
  return cursor.commaSeparated('}', () => {
    const { doc } = cursor.peek;
    const name = cursor.identifier();
    if (kind === 'record') {
      cursor.expect(':');
      return { name, doc, type: parseType(cursor) };
    }
    if (kind === 'enum' || !cursor.accept('(')) return { name, doc };
    const type = parseType(cursor);
    cursor.expect(')');
    return { name, doc, type };
  });
}

function parseFunction(cursor: Cursor): FunctionSyntax {
  const { doc } = cursor.peek;
  const name = cursor.identifier();
  cursor.expect(':');
  if (cursor.peek.text === 'async') cursor.fail('async functions are not supported');
  cursor.expect('func');
  cursor.expect('(');
  const params = cursor.commaSeparated(')', () => {
    const param = cursor.identifier();
    cursor.expect(':');
    return { name: param, type: parseType(cursor) };
  });
  const result = cursor.accept('->') ? parseType(cursor) : undefined;
  cursor.expect(';');
  return { name, doc, params, ...(result && { result }) };
}

function parseWorld(cursor: Cursor, doc: readonly string[]): WorldSyntax {
  const name = cursor.identifier();
  const imports: string[] = [];
  const exports: string[] = [];
  cursor.expect('{');
  while (!cursor.accept('}')) {
    if (cursor.accept('import')) imports.push(cursor.identifier());
    else {
      cursor.expect('export');
      exports.push(cursor.identifier());
    }
    cursor.expect(';');
  }
  return { name, doc, imports, exports };
}
