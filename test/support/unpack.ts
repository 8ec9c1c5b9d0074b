import type { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Descriptor, ImageStore } from './image-store.ts';

/** Unpacks an image of an OCI layout as `umoci unpack` does, and returns its root file system. Needs root. */
export function unpackWithUmoci(layout: string, tag: string, bundle: string): string {
  execFileSync('umoci', ['unpack', '--image', `${layout}:${tag}`, bundle], { stdio: 'pipe' });
  return path.join(bundle, 'rootfs');
}

/**
 * Unpacks an image layer by layer with GNU tar, the whiteouts (image-spec, layer.md) done here: what a layer
 * removes goes before its members come. Needs root; takes every compression.
 */
export function unpackWithTar(store: ImageStore, tag: string, rootfs: string): string {
  mkdirSync(rootfs, { recursive: true });
  const root = store.tags.get(tag);
  if (root === undefined) throw new Error(`No tag ${tag} in this image store.`);
  const manifest: { layers: Descriptor[] } = JSON.parse(store.blob(root.digest).toString());
  for (const layer of manifest.layers) applyLayer(decompress(store.blob(layer.digest)), rootfs);
  return rootfs;
}

function applyLayer(layer: Buffer, rootfs: string): void {
  const listed = execFileSync('tar', ['-t', '--quoting-style=escape', '-f', '-'], {
    input: layer,
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  const names = listed.trimEnd().split('\n');
  // tar itself doesn't put a file where a directory is.
  for (const name of names.filter((each) => !each.endsWith('/'))) {
    const target = path.join(rootfs, name);
    if (existsSync(target) && lstatSync(target).isDirectory()) rmSync(target, { recursive: true });
  }
  for (const name of names.filter((each) => /(^|\/)\.wh\./.test(each))) {
    const parent = path.join(rootfs, path.dirname(name));
    const base = path.basename(name);
    const victims = base === '.wh..wh..opq' ? children(parent) : [base.slice('.wh.'.length)];
    for (const victim of victims) rmSync(path.join(parent, victim), { recursive: true, force: true });
  }
  execFileSync(
    'tar',
    [
      '-x',
      '-p',
      '-f',
      '-',
      '-C',
      rootfs,
      '--numeric-owner',
      '--same-owner',
      '--xattrs',
      '--xattrs-include=*',
      '--exclude=.wh.*',
      '--delay-directory-restore',
      '--warning=no-timestamp',
    ],
    { input: layer, stdio: ['pipe', 'pipe', 'inherit'] },
  );
}

function children(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function decompress(blob: Buffer): Buffer {
  if (blob.readUInt16BE(0) === 0x1f8b) return gunzipSync(blob);
  if (blob.readUInt32LE(0) === 0xfd2fb528) return zstdDecompressSync(blob);
  return blob;
}
