import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import {
  FaultyRegistry,
  type FaultyRegistryOptions,
  refusingHost,
} from '../../../test/support/faulty-registry.ts';
import {
  knownLogin,
  logIn,
  logOut,
  type RegistryRequest,
  serverName,
  serverOf,
} from '../../src/registry/registries.ts';

const directory = mkdtempSync(join(tmpdir(), 'wherry-login-'));
const authFile = join(directory, 'auth.json');
const request: RegistryRequest = { env: { HOME: directory }, authFile };
const ann = { username: 'ann', password: 'secret' };
beforeEach(() => rmSync(authFile, { force: true }));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const kept = (): unknown => JSON.parse(readFileSync(authFile, 'utf8')).auths;

it.each<NonNullable<FaultyRegistryOptions['authentication']>>([
  { scheme: 'basic', user: ann },
  { scheme: 'bearer', user: ann },
])('credentials that the registry takes are kept: %o', async (authentication) => {
  await using registry = await FaultyRegistry.start({ authentication });
  await logIn(registry.host, ann, request);
  expect(kept()).toEqual({ [registry.host]: { auth: 'YW5uOnNlY3JldA==' } });
  expect(await knownLogin(registry.host, request)).toEqual(ann);
  expect(await logOut(registry.host, request)).toBe(true);
  expect(await knownLogin(registry.host, request)).toBeUndefined();
});

it.each<NonNullable<FaultyRegistryOptions['authentication']>>([
  { scheme: 'basic', user: ann },
  { scheme: 'bearer', user: ann },
  { scheme: 'bearer-loop' },
])('those that it refuses are not: %o', async (authentication) => {
  await using registry = await FaultyRegistry.start({ authentication });
  await expect(logIn(registry.host, { ...ann, password: 'wrong' }, request)).rejects.toMatchObject({
    code: 'E_REGISTRY_AUTH',
    message: expect.stringMatching(/401 Unauthorized|incorrect username or password/),
  });
  expect(() => kept()).toThrow('ENOENT');
  expect(registry.requests.length).toBeLessThan(5);
});

it('a token that the registry gives in the place of the password is what is kept', async () => {
  await using registry = await FaultyRegistry.start({
    authentication: { scheme: 'bearer', user: ann, refreshToken: 'R' },
  });
  await logIn(registry.host, ann, request);
  expect(kept()).toEqual({ [registry.host]: { identitytoken: 'R' } });
});

it('a registry that asks nobody takes any name', async () => {
  await using registry = await FaultyRegistry.start();
  await logIn(registry.host, ann, request);
  expect(kept()).toHaveProperty([registry.host]);
});

it('one of Go’s that speaks TLS alone, on this machine', async () => {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const words = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x'];
  execFileSync('openssl', ['req', ...words, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const tls = { key: readFileSync(key), cert: readFileSync(cert) };
  await using registry = await FaultyRegistry.start({ tls, authentication: { scheme: 'basic', user: ann } });
  const front = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (first) => {
      // A TLS record of a handshake begins with 22 (RFC 8446, 5.1).
      if (first[0] !== 22) {
        socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
        return;
      }
      const upstream = connect(Number(registry.host.split(':')[1]), '127.0.0.1');
      upstream.on('error', () => socket.destroy());
      upstream.write(first);
      socket.pipe(upstream).pipe(socket);
    });
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const host = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  try {
    await logIn(host, ann, request);
    expect(kept()).toHaveProperty([host]);
  } finally {
    front.close();
  }
});

it('one that is down, no registry, or blocked says so', async () => {
  const host = await refusingHost();
  await expect(logIn(host, ann, request)).rejects.toMatchObject({ code: 'E_REGISTRY_UNREACHABLE' });
  await using other = await FaultyRegistry.start({ rules: [{ on: 'ping', kind: 'answer', status: 404 }] });
  await expect(logIn(other.host, ann, request)).rejects.toMatchObject({
    message: expect.stringContaining('failed with status: 404'),
  });
  const home = join(directory, 'blocking');
  mkdirSync(join(home, '.config/wherry'), { recursive: true });
  writeFileSync(
    join(home, '.config/wherry/config.json'),
    JSON.stringify({ registries: { blocked: [other.host] } }),
  );
  await expect(logIn(other.host, ann, { ...request, env: { HOME: home } })).rejects.toMatchObject({
    code: 'E_REGISTRY_BLOCKED',
    message: expect.stringContaining(`Registry ${other.host} is blocked`),
  });
});

it.each([
  [undefined, 'docker.io', 'https://index.docker.io/v1/'],
  ['docker.io', 'docker.io', 'https://index.docker.io/v1/'],
  ['https://index.docker.io/v1/', 'docker.io', 'https://index.docker.io/v1/'],
  ['https://ghcr.io/', 'ghcr.io', 'ghcr.io'],
  ['localhost:5000/team', 'localhost:5000', 'localhost:5000'],
  ['[::1]:5000', '[::1]:5000', '[::1]:5000'],
])('the server %s', (text, server, name) => {
  expect(serverOf(text)).toBe(server);
  expect(serverName(server)).toBe(name);
});

it.each(['', 'a b', 'user@host', '../x', '-x'])('%j is no server', (text) => {
  expect(() => serverOf(text)).toThrow(expect.objectContaining({ code: 'E_REGISTRY_NAME' }));
});
