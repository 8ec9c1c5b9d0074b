import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fillRegistry, startRegistry, stopRegistry } from '../machine/registry.ts';
import { asUser, INSTALL_DIRECTORY, sweep, USER_NAMES, type UserName } from '../support/user.ts';

const REPOSITORY = path.join(import.meta.dirname, '../..');

/** Settings of the caller by which npm reaches its registry from this network. */
const NETWORK_SETTINGS = /^(https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_(file|dir))$/i;

/**
 * Once for all end-to-end files: the machine as it should be, the registry filled, and the product packed as it
 * would be published and installed by each user in its home, with the npm that the machine has.
 */
export async function setup(): Promise<() => Promise<void>> {
  if (process.getuid?.() !== 0) {
    throw new Error(
      'The end-to-end tests become other users: run `npm test`, which uses sudo, or run them as root.',
    );
  }
  execFileSync(path.join(REPOSITORY, 'test/machine/setup.sh'), { stdio: 'inherit' });
  for (const user of USER_NAMES) await sweep(user);
  const started = await startRegistry();
  await fillRegistry();
  await installForAll();
  return async () => {
    if (started) await stopRegistry();
  };
}

async function installForAll(): Promise<void> {
  if (!existsSync(path.join(REPOSITORY, 'dist'))) {
    throw new Error('There is no dist/ to pack: run `npm run build` first.');
  }
  const directory = mkdtempSync(path.join(tmpdir(), 'wherry-pack-'));
  try {
    execFileSync('chmod', ['755', directory]);
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new Error(`npm pack left no package in ${directory}.`);
    for (const user of USER_NAMES) await install(user, path.join(directory, tarball));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Does nothing when the user has this very package already. */
async function install(name: UserName, tarball: string): Promise<void> {
  await using user = asUser(name);
  const prefix = path.join(user.home, INSTALL_DIRECTORY);
  const stamp = path.join(prefix, 'package.sha256');
  const digest = createHash('sha256').update(readFileSync(tarball)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  rmSync(prefix, { recursive: true, force: true });
  const command =
    'mkdir -p "$0" && npm install --prefix "$0" --no-audit --no-fund --loglevel=error "$1" && printf %s "$2" >"$0/package.sha256"';
  const result = await user.run('sh', ['-c', command, prefix, tarball, digest], {
    timeoutMs: 240_000,
    env: Object.fromEntries(Object.entries(process.env).filter(([key]) => NETWORK_SETTINGS.test(key))),
  });
  if (result.exitCode !== 0)
    throw new Error(`npm install as ${name} failed:\n${result.stdout}${result.stderr}`);
}
