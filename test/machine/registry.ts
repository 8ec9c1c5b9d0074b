import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { CACHE, fixture, REPOSITORIES } from '../fixtures/catalogue.ts';
import { push } from '../support/push.ts';

/** The registry the end-to-end tests pull from, in plain http on loopback. */
export const REGISTRY = 'localhost:5000';

const PROGRAM = '/usr/bin/docker-registry';
const PID_FILE = path.join(CACHE, 'registry.pid');
const LOG_FILE = path.join(CACHE, 'registry.log');
const READY_MS = 60_000;

/** distribution's configuration; `htpasswd` names a file to ask for basic authentication. */
export function configuration(directory: string, address: string, htpasswd?: string): string {
  const auth =
    htpasswd === undefined ? '' : `auth: { htpasswd: { realm: wherry-test, path: ${htpasswd} } }\n`;
  return `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: ${directory} }
  delete: { enabled: true }
http: { addr: ${address} }
${auth}`;
}

/** Whether a registry, whosever it is, answers at the address. */
export async function isUp(host: string): Promise<boolean> {
  try {
    const answer = await fetch(`http://${host}/v2/`, { signal: AbortSignal.timeout(2000) });
    return answer.headers.get('docker-distribution-api-version') === 'registry/2.0';
  } catch {
    return false;
  }
}

/** Starts Debian's docker-registry detached unless one is up; true when this call started it. */
export async function startRegistry(): Promise<boolean> {
  if (await isUp(REGISTRY)) return false;
  await mkdir(CACHE, { recursive: true });
  const config = path.join(CACHE, 'registry.yml');
  await writeFile(config, configuration(path.join(CACHE, 'registry'), `127.0.0.1:5000`));
  const log = openSync(LOG_FILE, 'w');
  const child = spawn(PROGRAM, ['serve', config], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { PATH: '/usr/bin:/bin', OTEL_TRACES_EXPORTER: 'none' },
  });
  closeSync(log);
  await once(child, 'spawn');
  await ready(child);
  child.unref();
  await writeFile(PID_FILE, `${child.pid}\n`);
  return true;
}

/** Stops the registry that `startRegistry` started, and returns once it no longer answers. */
export async function stopRegistry(): Promise<void> {
  let pid: number;
  try {
    pid = Number(await readFile(PID_FILE, 'utf8'));
  } catch {
    return;
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (command.startsWith(`${PROGRAM}\0`)) process.kill(pid, 'SIGTERM');
  await rm(PID_FILE);
  while (await isUp(REGISTRY)) await delay(20);
}

/** Makes what fixtures are missing and pushes what the registry doesn't have. */
export async function fillRegistry(): Promise<void> {
  for (const repository of REPOSITORIES) await push(await fixture(repository), REGISTRY, repository);
}

async function ready(registry: ChildProcess): Promise<void> {
  const limit = Date.now() + READY_MS;
  while (!(await isUp(REGISTRY))) {
    if (registry.exitCode !== null) throw new Error(`docker-registry ended by itself; see ${LOG_FILE}.`);
    if (Date.now() > limit)
      throw new Error(`docker-registry doesn't answer on ${REGISTRY}; see ${LOG_FILE}.`);
    await delay(20);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const command = process.argv[2];
  if (command === 'start') {
    await startRegistry();
    await fillRegistry();
    console.log(`${REGISTRY}: ${REPOSITORIES.join(' ')}`);
  } else if (command === 'stop') {
    await stopRegistry();
  } else {
    process.stderr.write('usage: registry.ts start|stop\n');
    process.exitCode = 2;
  }
}
