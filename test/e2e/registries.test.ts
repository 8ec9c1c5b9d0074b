import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gzipBomb, imageOf } from '../support/broken-images.ts';
import { FaultyRegistry } from '../support/faulty-registry.ts';
import { Screen } from '../support/screen.ts';
import { asUser, type TestUser } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const ann = { username: 'ann', password: 'se:cret' };
let user: TestUser;
let home: string;

beforeAll(() => {
  user = asUser('wuser');
  home = directory('home');
});
afterAll(() => user.cleanup());

/** A directory of the user's own. */
function directory(name: string): string {
  const made = path.join(user.root, name);
  mkdirSync(made, { recursive: true });
  for (let each = made; each !== user.root; each = path.dirname(each)) chownSync(each, user.uid, user.gid);
  return made;
}

function write(file: string, text: string, mode = 0o644): void {
  directory(path.relative(user.root, path.dirname(file)));
  writeFileSync(file, text);
  chmodSync(file, mode);
  chownSync(file, user.uid, user.gid);
}

const wherry = (args: string[], more: Parameters<TestUser['wherry']>[1] = {}) =>
  user.wherry(args, { ...more, env: { HOME: home, ...more.env } });
const configure = (settings: object) =>
  write(path.join(home, '.config/wherry/config.json'), JSON.stringify(settings));
const blobRequests = (registry: FaultyRegistry) =>
  registry.requests
    .filter(({ endpoint, method }) => endpoint === 'blob' && method === 'GET')
    .map((each) => each.path);

describe('login and logout', () => {
  it('in Docker’s words, on a terminal without echo of the password', async () => {
    const authentication = { scheme: 'bearer', user: ann } as const;
    await using registry = await FaultyRegistry.start({
      authentication,
      images: { 'a/b': imageOf([[{ name: 'a' }]]) },
    });
    const reference = `${registry.host}/a/b`;
    const refused = await wherry(['pull', reference]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`wherry login ${registry.host}`);

    const session = user.startWherry(['login', registry.host], { terminal: true, env: { HOME: home } });
    await session.waitFor(/Username: $/);
    session.write('ann\r');
    await session.waitFor(/Password: $/);
    session.write('se:crex\u007ft\r');
    const login = await session.result;
    expect(login.exitCode, login.stdout).toBe(0);
    expect(login.stdout).toContain('Login Succeeded');
    expect(login.stdout).not.toContain('se:cre');
    const file = path.join(home, '.docker/config.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8')).auths).toHaveProperty([registry.host]);

    expect((await wherry(['pull', '-q', reference])).stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect((await wherry(['login', registry.host])).stderr).toContain(
      'Authenticating with existing credentials... [Username: ann]',
    );
    const out = await wherry(['logout', registry.host]);
    expect(out).toMatchObject({ exitCode: 0, stdout: `Removing login credentials for ${registry.host}\n` });
    expect(JSON.parse(readFileSync(file, 'utf8')).auths).not.toHaveProperty([registry.host]);
  });

  it('from scripts, into a file of one’s own', async () => {
    await using registry = await FaultyRegistry.start({
      authentication: { scheme: 'basic', user: ann },
      images: { 'a/b': imageOf([[{ name: 'a' }]]) },
    });
    const authfile = path.join(home, 'auth.json');
    const flags = ['--authfile', authfile, '-u', 'ann'];
    const login = await wherry(['login', ...flags, '--password-stdin', registry.host], {
      input: 'se:cret\n',
    });
    expect(login).toMatchObject({ exitCode: 0, stdout: 'Login Succeeded\n' });
    expect(login.stderr).toContain(`stored unencrypted in '${authfile}'`);
    // Others read what Wherry has written.
    const inspect = [
      'inspect',
      '--tls-verify=false',
      '--authfile',
      authfile,
      `docker://${registry.host}/a/b`,
    ];
    const skopeo = await user.run('skopeo', inspect);
    expect(skopeo.exitCode, skopeo.stderr).toBe(0);
    const wrong = await wherry(['login', ...flags, '-p', 'wrong', registry.host]);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toMatch(
      /^WARNING! Using --password via the CLI is insecure. Use --password-stdin.$/m,
    );
    expect(wrong.stderr).toContain(
      `login attempt to http://${registry.host}/v2/ failed with status: 401 Unauthorized`,
    );
    const mute = await wherry(['login', '-u', 'bob', registry.host]);
    expect(mute).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('from a non TTY device') });
    const nobody = await wherry(['login', '--password-stdin', registry.host], { input: 'x' });
    expect(nobody.stderr).toContain('the --password-stdin option requires --username to be set');
  });
});

it('search: a table, templates and filters', async () => {
  const searchResults = [
    { name: 'app', description: 'An app', star_count: 12, is_official: true },
    { name: 'other/app', description: 'Another', star_count: 1, is_official: false },
  ];
  await using registry = await FaultyRegistry.start({ searchResults });
  configure({ registries: { search: [registry.host] } });
  const table = await wherry(['search', 'app']);
  expect(table.stdout).toMatch(/^NAME +DESCRIPTION +STARS +OFFICIAL$/m);
  expect(table.stdout).toMatch(/\/app +An app +12 +\[OK\]$/m);
  const names = await wherry([
    'search',
    '--filter',
    'stars=2',
    '--format',
    '{{.Name}}',
    `${registry.host}/app`,
  ]);
  expect(names.stdout).toBe(`${registry.host}/app\n`);
  expect((await wherry(['search', '--limit', '101', 'app'])).exitCode).toBe(1);
  configure({});
});

describe('the configuration', () => {
  it('of mirrors, a search order, what is blocked, and a policy', async () => {
    const images = { 'hub/team/app': imageOf([[{ name: 'app', body: 'app' }]]) };
    await using mirror = await FaultyRegistry.start({ images });
    await using origin = await FaultyRegistry.start();
    configure({
      registries: {
        search: [origin.host],
        mirrors: { [origin.host]: ['localhost:1', `${mirror.host}/hub`] },
        blocked: ['quay.io'],
      },
      policy: { 'require-digest': ['docker.io'] },
    });
    const info = await wherry(['info']);
    expect(info.stdout).toContain(`Registry Mirrors:\n localhost:1 (for ${origin.host})\n`);
    expect(info.stdout).toContain('Blocked Registries:\n quay.io\nDigests Required:\n docker.io\n');
    const pull = await wherry(['pull', 'team/app']);
    expect(pull.exitCode, pull.stderr).toBe(0);
    expect(pull.stdout).toMatch(/^Mirror localhost:1 is passed over: .*refused/m);
    expect(pull.stdout).toContain(`${origin.host}/team/app:latest\n`);
    expect(origin.requests).toEqual([]);
    expect((await wherry(['rmi', 'team/app'])).exitCode).toBe(0);
    const blocked = await wherry(['pull', 'quay.io/x']);
    expect(blocked).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is blocked by the configuration'),
    });
    const policy = await wherry(['run', '--rm', 'docker.io/x', 'true']);
    expect(policy.stderr).toContain('may be pulled by digest alone');
    configure({});
  });
});

it('digests go to a file, and all tags of a repository come and go', async () => {
  const file = path.join(home, 'digest');
  const repository = `localhost:5000/tags-${randomBytes(4).toString('hex')}`;
  const pull = await wherry(['pull', '--digest-file', file, BUSYBOX]);
  const digest = readFileSync(file, 'utf8');
  expect(pull.stdout).toContain(`Digest: ${digest}\n`);
  for (const tag of ['1', '2']) await wherry(['tag', BUSYBOX, `${repository}:${tag}`]);
  expect((await wherry(['push', '-a', repository])).stdout).toMatch(
    /^1: digest: (.*)\n[\s\S]*^2: digest: \1$/m,
  );
  const pushed = await wherry(['push', '-q', '--digestfile', file, `${repository}:1`]);
  expect(pushed.stdout).toBe(`${readFileSync(file, 'utf8')}\n`);
  await wherry(['rmi', `${repository}:1`, `${repository}:2`]);
  const digests = `${pushed.stdout}${pushed.stdout}`;
  expect((await wherry(['pull', '-aq', repository])).stdout).toBe(digests);
  expect((await wherry(['push', '-aq', repository])).stdout).toBe(digests);
  const both = await wherry(['pull', '-a', repository]);
  expect(both.stdout).toContain('1: Pulling from');
  expect((await wherry(['images', '--format', '{{.Tag}}', repository])).stdout.split('\n').sort()).toEqual([
    '',
    '1',
    '2',
  ]);
  const run = await wherry(['run', '--rm', '--network', 'none', pushed.stdout.trim(), 'echo', 'by digest']);
  expect(run).toMatchObject({ exitCode: 0, stdout: 'by digest\n' });
  expect((await wherry(['pull', '-a', '--digest-file', file, repository])).exitCode).toBe(1);
  await wherry(['rmi', `${repository}:1`, `${repository}:2`]);
});

describe('TLS', () => {
  const address = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: home, stdio: 'ignore' });

  it('with the registry’s own CA and a client’s certificate', async (context) => {
    if (address === undefined) return context.skip('this machine has no address but loopback');
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl(
      'req',
      '-x509',
      ...key,
      '-days',
      '2',
      '-subj',
      '/CN=authority',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
    );
    write(path.join(home, 'server.ext'), `subjectAltName=IP:${address}`);
    for (const name of ['server', 'client']) {
      openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
      const signed = [
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
      ];
      const extra = name === 'server' ? ['-extfile', 'server.ext'] : [];
      openssl(...signed, '-days', '2', '-out', `${name}.pem`, ...extra);
    }
    const pem = (name: string) => readFileSync(path.join(home, name));
    await using registry = await FaultyRegistry.start({
      address,
      images: { 'a/b': imageOf([[{ name: 'tls' }]]) },
      tls: {
        cert: pem('server.pem'),
        key: pem('server.key'),
        ca: pem('ca.pem'),
        requestCert: true,
        rejectUnauthorized: true,
      },
    });
    const reference = `${registry.host}/a/b`;
    const unknown = await wherry(['pull', reference]);
    expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is not trusted') });
    const certs = path.join(home, '.config/containers/certs.d', registry.host);
    write(path.join(certs, 'ca.crt'), pem('ca.pem').toString());
    const nobody = await wherry(['pull', reference]);
    expect(nobody.exitCode).toBe(1);
    expect(nobody.stderr).not.toContain('is not trusted');
    write(path.join(certs, 'client.cert'), pem('client.pem').toString());
    write(path.join(certs, 'client.key'), pem('client.key').toString(), 0o600);
    const pull = await wherry(['pull', '-q', reference]);
    expect(pull.exitCode, pull.stderr).toBe(0);
    await wherry(['rmi', reference]);
  });

  it('through the proxy of the environment, but for NO_PROXY', async (context) => {
    if (address === undefined) return context.skip('this machine has no address but loopback');
    await using registry = await FaultyRegistry.start({
      address,
      images: { x: imageOf([[{ name: 'proxied' }]]) },
    });
    const asked: string[] = [];
    const [host, port] = registry.host.split(':');
    // Plain HTTP goes to a proxy as requests with whole addresses (RFC 9112, 3.2.2), all else through tunnels.
    const proxy = createServer((request, response) => {
      const { host: wanted, pathname, search } = new URL(request.url ?? '');
      asked.push(wanted);
      const { method, headers } = request;
      const upstream = forward({ host, port, method, headers, path: pathname + search }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      upstream.on('error', () => response.destroy());
      request.pipe(upstream);
    });
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    try {
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const flags = ['--insecure-registry', 'registry.test:1', 'pull', '-q', 'registry.test:1/x'];
      const env = { HTTP_PROXY: url, HTTPS_PROXY: url };
      const pull = await wherry(flags, { env });
      expect(pull.exitCode, pull.stderr).toBe(0);
      expect(new Set(asked)).toEqual(new Set(['registry.test:1']));
      const before = asked.length;
      expect((await wherry(flags, { env: { ...env, NO_PROXY: 'registry.test' } })).exitCode).toBe(1);
      expect(asked).toHaveLength(before);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
    await wherry(['rmi', 'registry.test:1/x']);
  });
});

it('several pulls of one image by several processes download each blob once', async () => {
  const layers = Array.from({ length: 8 }, (_, index) => [
    { name: `${index}`, body: 'x'.repeat(100_000 + index) },
  ]);
  await using registry = await FaultyRegistry.start({
    images: { x: imageOf(layers) },
    // Nobody can be done before all have begun.
    rules: [{ on: 'blob', kind: 'stall', after: 10 }],
  });
  const pulls = [1, 2, 3, 4].map(() => wherry(['pull', '-q', `${registry.host}/x`]));
  let manifests = 0;
  while (manifests < pulls.length) {
    await registry.request(({ endpoint, method }) => endpoint === 'manifest' && method === 'GET');
    manifests = registry.requests.filter(({ endpoint }) => endpoint === 'manifest').length;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  registry.release();
  const results = await Promise.all(pulls);
  for (const { exitCode, stderr } of results) expect(exitCode, stderr).toBe(0);
  expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1);
  const blobs = blobRequests(registry);
  expect(blobs).toHaveLength(9);
  expect(new Set(blobs).size).toBe(9);
  await wherry(['rmi', `${registry.host}/x`]);
});

it('Ctrl-C ends a pull in a moment, and what is whole is kept', async () => {
  const store = imageOf([[{ name: 'quick' }], [{ name: 'slow', body: 'x'.repeat(500_000) }]]);
  const { layers } = JSON.parse(store.blob(store.tags.get('latest')?.digest ?? '').toString());
  await using registry = await FaultyRegistry.start({
    images: { x: store },
    rules: [{ on: new RegExp(layers[1].digest), kind: 'stall', after: 10 }],
  });
  const pull = user.startWherry(['pull', `${registry.host}/x`], { terminal: true, env: { HOME: home } });
  await Promise.all([registry.stalled(), pull.waitFor(/Pull complete/)]);
  pull.write('\u0003');
  const { exitCode, stdout } = await pull.result;
  expect(exitCode).toBe(130);
  expect(stdout).toContain('wherry: interrupted');
  const own = () => user.leftovers().processes.filter((line) => line.includes('pull'));
  await expect.poll(own).toEqual([]);
  registry.release();
  const before = blobRequests(registry).length;
  expect((await wherry(['pull', '-q', `${registry.host}/x`])).exitCode).toBe(0);
  expect(blobRequests(registry).slice(before)).toEqual([expect.stringContaining(layers[1].digest)]);
  await wherry(['rmi', `${registry.host}/x`]);
});

it('40 layers on a terminal of 80 by 24 leave each its line, and no other', async () => {
  const layers = Array.from({ length: 40 }, (_, index) => [
    { name: `${index}`, body: `${index}`.repeat(2000) },
  ]);
  await using registry = await FaultyRegistry.start({ images: { x: imageOf(layers) } });
  const pull = await wherry(['pull', `${registry.host}/x`], { terminal: true });
  expect(pull.exitCode, pull.stdout).toBe(0);
  const screen = new Screen({ columns: 80, rows: 24 });
  screen.write(pull.stdout);
  expect(screen.lines.filter((line) => /^[0-9a-f]{12}: Pull complete$/.test(line))).toHaveLength(40);
  expect(screen.lines[0]).toBe('Using default tag: latest');
  expect(screen.lines).toHaveLength(45);
  // What goes into a file is shown on the way as far as somebody looks on.
  const archive = path.join(home, 'x.tar');
  const save = await wherry(['save', '-o', archive, `${registry.host}/x`], { terminal: true });
  expect(save).toMatchObject({ exitCode: 0 });
  await wherry(['rmi', `${registry.host}/x`]);
});

it('a layer that is a thousand times its size is let go when it isn’t what it should be, and fills no disk', async () => {
  await using registry = await FaultyRegistry.start({ images: { x: gzipBomb(200 << 20) } });
  const pull = await wherry(['pull', `${registry.host}/x`], { timeoutMs: 120_000 });
  expect(pull).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^wherry: .*digest/m) });
  // A small tmpfs stands for the disk, in a mount namespace of the user's own.
  const script =
    'mount -t tmpfs -o size=30m none "$1" && shift && "$@"; code=$?; du -sk "$WHERRY_ROOT"; exit $code';
  const small = directory('small');
  const command = ['sh', '-c', script, 'sh', small, user.program, 'pull', `${registry.host}/x`];
  const full = await user.run('unshare', ['-Urm', ...command], {
    env: { HOME: home, WHERRY_ROOT: small },
    timeoutMs: 120_000,
  });
  expect(full.exitCode).toBe(1);
  expect(full.stderr).toMatch(/no space|disk is full|digest/i);
  expect(Number(/^\d+/.exec(full.stdout.split('\n').at(-2) ?? '')?.[0])).toBeLessThan(2000);
});
