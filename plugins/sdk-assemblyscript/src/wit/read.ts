import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { link } from './link.ts';
import type { WitPackage } from './model.ts';
import { parseWit } from './parser.ts';

/** Reads the package whose `.wit` files lie in one directory. */
export function readWit(directory: string): WitPackage {
  const names = readdirSync(directory).filter((name) => name.endsWith('.wit'));
  return link(names.sort().map((name) => parseWit(readFileSync(join(directory, name), 'utf8'), name)));
}

/** The same files as one source text, as tools take it that read no directory. */
export function witSource(directory: string): string {
  const names = readdirSync(directory).filter((name) => name.endsWith('.wit'));
  const texts = names.sort().map((name) => readFileSync(join(directory, name), 'utf8'));
  return texts.map((text, index) => (index === 0 ? text : text.replace(/^package [^;]*;/m, ''))).join('\n');
}
