import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectionFailure } from '../../src/registry/failure.ts';
import { Transport } from '../../src/registry/transport.ts';

const directory = mkdtempSync(join(tmpdir(), 'wherry-tls-'));
const certificate = join(directory, 'cert.pem');
const key = join(directory, 'key.pem');
let server: ReturnType<typeof createServer>;
let url: URL;

beforeAll(async () => {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:registry.test'],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
  server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (_, response) =>
    response.end('hello'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function get(env: Record<string, string>, target: URL, verify: boolean): Promise<string> {
  const transport = new Transport(env);
  try {
    const { body } = await transport.send(target, verify, { method: 'GET', headers: {} });
    return await body.text();
  } finally {
    await transport.close();
  }
}

it('an untrusted certificate is refused, with the way out', async () => {
  const failure = await get({ HOME: directory }, url, true).catch((error: unknown) =>
    connectionFailure(url.host, '', error),
  );
  expect(failure).toMatchObject({
    code: 'E_TLS',
    message: expect.stringContaining('is not trusted'),
    hint: expect.stringContaining(`--insecure-registry ${url.host}`),
  });
});

it('it is taken from an insecure registry', async () => {
  expect(await get({ HOME: directory }, url, false)).toBe('hello');
});

it('it is taken when its authority lies in certs.d', async () => {
  const home = join(directory, 'home');
  const trusted = join(home, '.config/containers/certs.d', url.host);
  mkdirSync(trusted, { recursive: true });
  copyFileSync(certificate, join(trusted, 'ca.crt'));
  expect(await get({ HOME: home }, url, true)).toBe('hello');
});

it('a proxy of the environment is asked, but for this machine itself', async () => {
  const asked: string[] = [];
  const proxy = createProxy();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const upstream = connect(Number(url.port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const each of [upstream, socket]) each.on('error', () => undefined);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const env = {
    HOME: directory,
    HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  };
  try {
    expect(await get(env, new URL(`https://registry.test:${url.port}/`), false)).toBe('hello');
    expect(await get(env, url, false)).toBe('hello');
    expect(asked).toEqual([`registry.test:${url.port}`]);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});
