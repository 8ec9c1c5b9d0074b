import { WitError } from './lexer.ts';
import type { DefinedType, Interface, Type, WitPackage } from './model.ts';
import type { DefinitionSyntax, FileSyntax, InterfaceSyntax, TypeSyntax } from './syntax.ts';

/**
 * Puts the files of one package together and looks up every name.
 * @throws WitError for a name that isn't defined, a type that contains itself, files of different packages
 */
export function link(files: readonly FileSyntax[]): WitPackage {
  const first = files[0];
  if (first === undefined) throw new Error('a WIT package has at least one file');
  for (const file of files) {
    if (file.package !== first.package) {
      throw new WitError(`package ${file.package} beside ${first.package}`, file.source, 1);
    }
  }
  const linker = new Linker(files);
  const interfaces = files.flatMap((file) => file.interfaces.map((syntax) => linker.interface(syntax)));
  const worlds = files.flatMap((file) => file.worlds);
  return {
    id: first.package,
    interfaces: new Map(interfaces.map((linked) => [linked.name, linked])),
    worlds: new Map(worlds.map((world) => [world.name, world])),
  };
}

class Linker {
  readonly #interfaces = new Map<string, { readonly syntax: InterfaceSyntax; readonly source: string }>();
  readonly #types = new Map<string, Type>();
  readonly #open = new Set<string>();

  constructor(files: readonly FileSyntax[]) {
    for (const file of files) {
      for (const syntax of file.interfaces)
        this.#interfaces.set(syntax.name, { syntax, source: file.source });
    }
  }

  interface(syntax: InterfaceSyntax): Interface {
    const types = syntax.definitions
      .filter((definition) => definition.kind !== 'alias')
      .map((definition) => this.#named(syntax.name, definition.name, 1) as DefinedType);
    const functions = syntax.functions.map((fn) => ({
      name: fn.name,
      doc: fn.doc,
      params: fn.params.map((param) => ({ name: param.name, type: this.#type(syntax.name, param.type) })),
      ...(fn.result && { result: this.#type(syntax.name, fn.result) }),
    }));
    return { name: syntax.name, doc: syntax.doc, types, functions };
  }

  #type(scope: string, syntax: TypeSyntax): Type {
    switch (syntax.kind) {
      case 'primitive':
        return { kind: syntax.name };
      case 'list':
      case 'option':
        return { kind: syntax.kind, element: this.#type(scope, syntax.element) };
      case 'tuple':
        return { kind: 'tuple', elements: syntax.elements.map((element) => this.#type(scope, element)) };
      case 'result':
        return {
          kind: 'result',
          ...(syntax.ok && { ok: this.#type(scope, syntax.ok) }),
          ...(syntax.err && { err: this.#type(scope, syntax.err) }),
        };
      case 'name':
        return this.#named(scope, syntax.name, syntax.line);
    }
  }

  #named(scope: string, name: string, line: number): Type {
    const key = `${scope}.${name}`;
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    const found = this.#interfaces.get(scope);
    if (found === undefined) throw new WitError(`interface ${scope} isn't defined`, 'use', line);
    if (this.#open.has(key)) throw new WitError(`type ${name} contains itself`, found.source, line);
    this.#open.add(key);
    const definition = found.syntax.definitions.find((candidate) => candidate.name === name);
    const used = found.syntax.uses.find((candidate) => candidate.as === name);
    if (definition === undefined && used === undefined) {
      throw new WitError(`type ${name} isn't defined`, found.source, line);
    }
    const type =
      definition !== undefined
        ? this.#definition(scope, definition)
        : this.#named(used?.from ?? '', used?.name ?? '', used?.line ?? line);
    this.#open.delete(key);
    this.#types.set(key, type);
    return type;
  }

  #definition(scope: string, definition: DefinitionSyntax): Type {
    if (definition.kind === 'alias') return this.#type(scope, definition.type);
    const { name, doc } = definition;
    const members = definition.members.map((member) => ({
      name: member.name,
      doc: member.doc,
      type: member.type && this.#type(scope, member.type),
    }));
    if (definition.kind === 'record') {
      const fields = members.map((member) => ({ ...member, type: member.type as Type }));
      return { kind: 'record', name, interface: scope, doc, fields };
    }
    const cases = members.map(({ type, ...rest }) => ({ ...rest, ...(type && { type }) }));
    return { kind: definition.kind, name, interface: scope, doc, cases };
  }
}
