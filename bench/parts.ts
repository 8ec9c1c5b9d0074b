import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { type Peers, REGISTRY, WHERRY } from './peers.ts';
import type { Command } from './sample.ts';

const PACKAGE = path.join(path.dirname(WHERRY), '../wherry');
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch;
const LAUNCHER = path.join(PACKAGE, `dist/launcher/wherry-launcher-${ARCHITECTURE}`);
const NODE = path.join(path.dirname(WHERRY), `../node-linux-${process.arch}/bin/node`);

/**
 * What Node.js, the command line, the driver host and the launcher each take of a run: programs that do one of them alone.
 * Makes what they need as the user who is measured.
 */
export function partsOfRun({ user }: Peers): Readonly<Record<string, Command>> {
  const work = path.join(user.env.HOME ?? '', 'wherry-bench/parts');
  const as = (file: string, ...args: string[]): string =>
    execFileSync(file, args, {
      uid: user.uid,
      gid: user.gid,
      env: user.env,
      cwd: user.env.HOME,
      encoding: 'utf8',
    });
  as('mkdir', '-p', path.join(work, 'cache'));
  const empty = path.join(work, 'empty.cjs');
  writeFileSync(empty, '');

  const bundle = path.join(work, 'driver-host.cjs');
  buildSync({
    entryPoints: [path.join(import.meta.dirname, 'driver-host.ts')],
    outfile: bundle,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    banner: { js: `require('node:module').enableCompileCache(${JSON.stringify(path.join(work, 'cache'))});` },
    define: { 'import.meta.dirname': '__dirname' },
  });
  const drivers = path.join(PACKAGE, 'dist/drivers');
  const state = path.join(work, 'cache/state.json');
  as(NODE, bundle, 'seed', drivers, state);

  // A container that stays has its launch program beside it, which can be carried out again and again.
  const image = `${REGISTRY}/debian:bookworm`;
  const id = as(WHERRY, 'create', '--network', 'none', image, 'true').trim();
  as(WHERRY, 'start', '-a', id);
  const program = path.join(user.env.WHERRY_ROOT ?? '', 'containers', id, 'program');

  return {
    wherry: { argv: [WHERRY, 'run', '--rm', '--network', 'none', image, 'true'] },
    'Node.js with an empty program': { argv: [NODE, empty] },
    'Node.js and the command line (`wherry version`)': { argv: [WHERRY, 'version'] },
    'six calls of three drivers, in a fresh process': {
      argv: [NODE, bundle, 'call', drivers, state],
      printed: true,
    },
    'the launcher, with a launch program at hand': { argv: [LAUNCHER, 'run', program] },
  };
}
