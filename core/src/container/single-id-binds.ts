import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type SingleIdFile, singleIdFiles } from '../idmap/single-id.ts';
import type { ContainerOperation } from '../program/operation.ts';
import type { HostBind } from './program.ts';

/**
 * The files that programs need where only one id is mapped, bound into a container whose image has their directory: with one
 * id, every layer is the user's own and can be looked into.
 * @param cache a directory for the files, made when it is missing
 * @param rootfs the operations that make the root file system
 */
export function singleIdBinds(cache: string, rootfs: readonly ContainerOperation[]): readonly HostBind[] {
  const trees = rootfs.flatMap(treesOf);
  return singleIdFiles()
    .filter(({ onlyIn }) => trees.some((tree) => existsSync(join(tree, onlyIn))))
    .map((file) => ({ source: kept(cache, file), target: file.path, readOnly: true }));
}

function treesOf(operation: ContainerOperation): readonly string[] {
  if (operation.op === 'rootfs-overlay') return operation.lower;
  return operation.op === 'rootfs-bind' ? [operation.source] : [];
}

function kept(cache: string, { path, content }: SingleIdFile): string {
  const file = join(cache, basename(path));
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content, { mode: 0o644 });
  renameSync(draft, file);
  return file;
}
