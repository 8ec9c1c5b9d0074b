import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Journal, journalObstacle, startJournal } from '../support/journal.ts';
import {
  packingOf,
  parseGelf,
  parseMessagePack,
  parseSyslog,
  streamReceiver,
  tlsReceiver,
  udpReceiver,
  until,
} from '../support/log-receivers.ts';
import { asUser, type TestUser, USER_NAMES, type UserCommandOptions } from '../support/user.ts';

const BUSYBOX = 'localhost:5000/busybox';
const SCRIPT = 'seq 200; echo bad >&2; printf end';
const OUTPUT = [...Array.from({ length: 200 }, (_, index) => `${index + 1}`), 'end'];

describe.each(USER_NAMES)('what goes over the wire from containers of %s', (name) => {
  let user: TestUser;
  beforeAll(async () => {
    user = asUser(name);
    expect((await user.wherry(['pull', '-q', BUSYBOX])).exitCode).toBe(0);
  });
  afterAll(() => user.cleanup());

  const run = (
    driver: string,
    options: readonly string[],
    script = SCRIPT,
    flags: readonly string[] = [],
    how: UserCommandOptions = {},
  ) => {
    const opts = ['--log-driver', driver, ...options.flatMap((option) => ['--log-opt', option])];
    return user.wherry(['run', ...opts, '--network', 'none', ...flags, BUSYBOX, 'sh', '-c', script], how);
  };

  it.each(['udp', 'tcp', 'unix'])('is syslog over %s, each message of its RFC', async (scheme) => {
    const socket = path.join(user.runtimeDirectory, 'syslog');
    await using receiver =
      scheme === 'udp' ? await udpReceiver() : await streamReceiver(scheme === 'unix' ? socket : undefined);
    const form = scheme === 'tcp' ? 'rfc3164' : 'rfc5424';
    const options = [`syslog-address=${receiver.address}`, `syslog-format=${form}`, 'syslog-facility=local3'];
    const done = await run('syslog', [...options, 'tag={{.Name}}/x'], SCRIPT, ['--rm', '--name', 'sys']);
    expect(done.exitCode, done.stderr).toBe(0);
    const messages = await until(() => {
      const parts = receiver.received.map((bytes) => bytes.toString());
      const texts = scheme === 'udp' ? parts : parts.join('').split('\n').slice(0, -1);
      return texts.length === OUTPUT.length + 1 ? texts.map((text) => parseSyslog(form, text)) : undefined;
    });
    const head = { facility: 19, host: hostname(), application: 'sys/x' };
    expect(messages.filter(({ severity }) => severity === 3)).toMatchObject([{ ...head, text: 'bad' }]);
    const output = messages.filter(({ severity }) => severity === 6);
    expect(output[0]).toMatchObject(head);
    expect(output.map(({ text }) => text)).toEqual(OUTPUT);
  });

  it.each(['gzip', 'zlib', 'none'])(
    'is GELF in datagrams, packed by %s, in chunks where they are long',
    async (packing) => {
      await using receiver = await udpReceiver();
      const options = [`gelf-address=${receiver.address}`, `gelf-compression-type=${packing}`];
      // Text that doesn't shrink: chunks are for what is still too long when it is packed.
      const script = 'echo short; head -c 9000 /dev/urandom | base64 -w 0; echo; echo bad >&2';
      const chosen = ['labels-regex=^t', 'env=STAGE', 'tag={{.Name}}'];
      const flags = ['--name', `gelf-${packing}`, '-l', 'tier=front', '-l', 'other=1', '-e', 'STAGE=test'];
      const done = await run('gelf', [...options, ...chosen], script, flags);
      expect(done.exitCode, done.stderr).toBe(0);
      const messages = await until(() => {
        const parsed = parseGelf(receiver.received);
        return parsed.length === 3 ? parsed : undefined;
      });
      const common = {
        version: '1.1',
        host: hostname(),
        _container_name: `gelf-${packing}`,
        _image_name: BUSYBOX,
      };
      const attributes = { _tag: `gelf-${packing}`, _tier: 'front', _STAGE: 'test' };
      expect(messages.find((one) => one.short_message === 'short')).toMatchObject({
        ...common,
        ...attributes,
        level: 6,
        timestamp: expect.any(Number),
      });
      expect(messages[0]).not.toHaveProperty('_other');
      expect(messages.find((one) => one.short_message === 'bad')).toMatchObject({ level: 3 });
      const long = messages.find((one) => String(one.short_message).length > 5);
      expect(`${long?.short_message}\n`).toBe(done.stdout.slice('short\n'.length));
      const single = receiver.received.filter((bytes) => bytes.readUInt16BE(0) !== 0x1e0f);
      expect(single.map(packingOf)).toEqual([packing, packing]);
      expect(receiver.received.every((bytes) => bytes.length <= 1420)).toBe(true);
    },
  );

  it('is GELF over TCP, a NUL behind each message', async () => {
    await using receiver = await streamReceiver();
    const done = await run('gelf', [`gelf-address=${receiver.address}`], SCRIPT, ['--rm']);
    expect(done.exitCode, done.stderr).toBe(0);
    const messages = await until(() => {
      const texts = Buffer.concat(receiver.received).toString().split('\0').slice(0, -1);
      return texts.length === OUTPUT.length + 1 ? texts.map((text) => JSON.parse(text)) : undefined;
    });
    expect(messages.filter(({ level }) => level === 6).map((one) => one.short_message)).toEqual(OUTPUT);
    expect(messages[0]).not.toHaveProperty('compression');
  });

  it.each(['', 'fluentd-sub-second-precision=true'])(
    'is the forward protocol of Fluentd %s',
    async (precision) => {
      await using receiver = await streamReceiver();
      const flags = ['--name', 'flu', '--rm', '-e', 'STAGE=test', '-e', 'STORE=x'];
      const address = receiver.address.replace('tcp://', '');
      const options = [`fluentd-address=${address}`, 'tag=app.{{.Name}}', 'env-regex=^STA'];
      const long = `${SCRIPT}; head -c 40000 /dev/zero | tr '\\0' x >&2`;
      const done = await run('fluentd', precision === '' ? options : [...options, precision], long, flags);
      expect(done.exitCode, done.stderr).toBe(0);
      const entries = await until(() => {
        const values = parseMessagePack(Buffer.concat(receiver.received)) as Forwarded[];
        return values.length === OUTPUT.length + 1 + 3 ? values : undefined;
      });
      const [tag, time, record] = entries[0] ?? ['', 0, {}];
      expect(tag).toBe('app.flu');
      const seconds = typeof time === 'number' ? time : time.seconds;
      expect(typeof time).toBe(precision === '' ? 'number' : 'object');
      expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(600);
      expect(record).toMatchObject({ container_name: '/flu', STAGE: 'test', source: expect.any(String) });
      expect(record).not.toHaveProperty('STORE');
      const of = (stream: string) =>
        entries.filter((entry) => entry[2].source === stream).map((entry) => entry[2]);
      expect(of('stdout').map(({ log }) => log)).toEqual(OUTPUT);
      expect(
        of('stderr')
          .map(({ log }) => log)
          .join(''),
      ).toBe(`bad${'x'.repeat(40_000)}`);
      expect(of('stderr').filter((each) => each.partial_message === 'true').length).toBeGreaterThan(1);
    },
  );

  it('counts what was dropped, and inspect shows it', async () => {
    await using receiver = await streamReceiver();
    const { address } = receiver;
    const done = await run('fluentd', [`fluentd-address=${address}`], ':', ['--name', 'kept']);
    expect(done.exitCode, done.stderr).toBe(0);
    const gone = await run('gelf', ['gelf-address=udp://127.0.0.1:9', 'mode=non-blocking'], SCRIPT, [
      '--name',
      'lost',
    ]);
    expect(gone.exitCode, gone.stderr).toBe(0);
    const format = ['inspect', '-f', '{{json .State.Log}}'];
    expect(JSON.parse((await user.wherry([...format, 'kept'])).stdout)).toEqual({
      DroppedBytes: 0,
      Error: '',
    });
    const { DroppedBytes, Error: reason } = JSON.parse((await user.wherry([...format, 'lost'])).stdout);
    expect(DroppedBytes).toBeGreaterThan(0);
    expect(reason).toMatch(/ECONNREFUSED/);
    // What nobody took is here all the same.
    expect(await user.wherry(['logs', 'lost'])).toMatchObject({
      exitCode: 0,
      stdout: OUTPUT.join('\n'),
      stderr: 'bad\n',
    });
    expect((await user.wherry(['logs', '-f', '--tail', '1', 'lost'])).stdout).toBe('end');
    const uncached = ['gelf-address=udp://127.0.0.1:9', 'cache-disabled=true'];
    expect((await run('gelf', uncached, 'echo x', ['--name', 'uncached'])).exitCode).toBe(0);
    expect(await user.wherry(['logs', 'uncached'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/configured logging driver does not support reading/),
    });
  });

  describe('to the journal of systemd', () => {
    let journal: Journal | undefined;
    beforeAll(async () => {
      if (journalObstacle === undefined) journal = await startJournal();
    });
    afterAll(() => journal?.[Symbol.asyncDispose]());

    it('is what journald understands, and is read back', async (context) => {
      if (journal === undefined) return context.skip(journalObstacle ?? '');
      const within = { mountsOf: journal.pid };
      const flags = ['--name', 'jou', '-d', '-l', 'tier=front'];
      const script = `${SCRIPT}; head -c 20000 /dev/zero | tr '\\0' x; echo; read wait; echo last`;
      const done = await run('journald', ['labels=tier', 'tag={{.Name}}'], script, ['-i', ...flags], within);
      expect(done.exitCode, done.stderr).toBe(0);
      const id = done.stdout.trim();
      const logs = (...words: string[]) => user.wherry(['logs', ...words, 'jou'], within);
      const text = `${OUTPUT.join('\n')}${'x'.repeat(20_000)}\n`;
      const follower = user.startWherry(['logs', '-f', '--tail', '0', 'jou'], within);
      await expect.poll(async () => (await logs()).stdout).toBe(text);
      expect((await logs()).stderr).toBe('bad\n');
      const entry = await user.run(
        'journalctl',
        ['-o', 'json', '-n', '1', 'CONTAINER_NAME=jou', 'PRIORITY=3'],
        within,
      );
      expect(JSON.parse(entry.stdout)).toMatchObject({
        MESSAGE: 'bad',
        CONTAINER_ID_FULL: id,
        CONTAINER_ID: id.slice(0, 12),
        CONTAINER_TAG: 'jou',
        SYSLOG_IDENTIFIER: 'jou',
        IMAGE_NAME: BUSYBOX,
        TIER: 'front',
      });
      // The two parts of the last line, and one line more: errors come on a way of their own.
      const timed = (await logs('--details', '-t', '--tail', '3')).stdout.replaceAll(/x{9,}/g, 'x');
      expect(timed).toMatch(/^\d{4}-\d\d-\d\dT\S+\.\d{9}Z TIER=front endx\S* TIER=front x$/m);
      expect((await logs('--until', '2001-01-01T00:00:00Z')).stdout).toBe('');
      const typist = user.startWherry(['attach', 'jou'], within);
      typist.write('\n');
      await follower.result;
      expect(follower.stdout).toMatch(/last\n$/);
      await typist.result;
      await user.wherry(['rm', '-f', 'jou'], within);
    });

    it('is syslog as local programs send it', async (context) => {
      if (journal === undefined) return context.skip(journalObstacle ?? '');
      const within = { mountsOf: journal.pid };
      const address = 'syslog-address=unixgram:///run/systemd/journal/dev-log';
      const done = await run(
        'syslog',
        [address, 'tag=loc', 'syslog-facility=user'],
        SCRIPT,
        ['--rm'],
        within,
      );
      expect(done.exitCode, done.stderr).toBe(0);
      const read = async () => {
        const words = ['-o', 'cat', 'SYSLOG_IDENTIFIER=loc', 'SYSLOG_FACILITY=1', 'PRIORITY=6'];
        return (await user.run('journalctl', words, within)).stdout;
      };
      await expect.poll(read).toBe(`${OUTPUT.join('\n')}\n`);
    });
  });

  it('is syslog by TLS, to a server that is trusted, by a relay that goes with the container', async () => {
    await using receiver = await tlsReceiver(user.runtimeDirectory);
    const { address, authority } = receiver;
    const options = [`syslog-address=${address}`, 'syslog-format=rfc5424', 'tag=t'];
    const unknown = await run('syslog', options, ':', ['--rm']);
    expect(unknown.exitCode).toBe(125);
    expect(unknown.stderr).toMatch(/doesn't reach tls:127\.0\.0\.1:\d+: self-signed certificate/);
    const trusted = [...options, `syslog-tls-ca-cert=${authority}`];
    const done = await run('syslog', trusted, SCRIPT, ['--rm']);
    expect(done.exitCode, done.stderr).toBe(0);
    const messages = await until(() => {
      const texts = Buffer.concat(receiver.received).toString().split('\n').slice(0, -1);
      return texts.length === OUTPUT.length + 1
        ? texts.map((text) => parseSyslog('rfc5424', text))
        : undefined;
    });
    const output = messages.filter(({ severity }) => severity === 6);
    expect(output.map(({ text }) => text)).toEqual(OUTPUT);
    await expect.poll(() => user.leftovers().processes.filter((line) => /log-relay/.test(line))).toEqual([]);
    expect(user.leftovers().files.filter((file) => /\/log-[0-9a-f]{12}$/.test(file))).toEqual([]);
  });

  it('goes on by TLS when its relay was killed', async () => {
    await using receiver = await tlsReceiver(user.runtimeDirectory);
    const { address, authority } = receiver;
    const options = [`syslog-address=${address}`, 'syslog-format=rfc5424', `syslog-tls-ca-cert=${authority}`];
    const box = user.startWherry([
      ...['run', '-i', '--rm', '--network', 'none', '--log-driver', 'syslog'],
      ...options.flatMap((option) => ['--log-opt', option]),
      ...[BUSYBOX, 'sh', '-c', 'while read word; do echo "$word"; done'],
    ]);
    const received = () => Buffer.concat(receiver.received).toString();
    const relays = () =>
      user
        .commands()
        .filter((line) => /log-relay\.mjs/.test(line))
        .map((line) => Number(line.split(' ')[0]));
    box.write('first\n');
    await until(() => (received().includes('first') ? true : undefined));
    const [before = 0] = relays();
    process.kill(before, 'SIGKILL');
    const again = () => {
      box.write('again\n');
      return received();
    };
    await expect.poll(again, { timeout: 60_000, interval: 200 }).toContain('again');
    expect(relays()).not.toContain(before);
    box.write('last\n');
    box.endInput();
    expect((await box.result).exitCode).toBe(0);
    // The end waits for the relay, which has sent all by then.
    await expect.poll(received, { timeout: 20_000 }).toMatch(/ last\n$/);
    await expect.poll(relays, { timeout: 20_000 }).toEqual([]);
  });

  it('is refused before there is a container when it can’t be', async () => {
    const refused: readonly [driver: string, options: readonly string[], reason: RegExp][] = [
      ['json-file', ['max-size=x'], /max-size/],
      ['json-file', ['compress=true'], /max-file/],
      ['json-file', ['nonsense=1'], /unknown log opt 'nonsense' for json-file log driver/],
      ['json-file', ['cache-disabled=true'], /unknown log opt 'cache-disabled' for json-file log driver/],
      ['gelf', ['gelf-address=udp://h', 'cache-max-size=x'], /cache-max-size/],
      ['gelf', ['gelf-address=udp://h', 'gelf-tcp-max-reconnect=1'], /only valid for TCP/],
      ['fluentd', ['fluentd-retry-wait=5'], /invalid value for fluentd-retry-wait/],
      ['syslog', ['syslog-address=udp://h', 'env=PATH'], /RFC 3164/],
      ['json-file', ['labels-regex=('], /regular expression/],
      ['local', ['labels-regex=x'], /unknown log opt 'labels-regex'/],
      ['k8s-file', ['max-file=0'], /max-file/],
      ['json-file', ['tag={{.Nope}}'], /tag has a field/],
      ['json-file', ['mode=fast'], /logger: logging mode not supported: fast/],
      ['json-file', ['max-buffer-size=1m'], /non-blocking/],
      ['journald', ['tag={{'], /tag/],
      ['syslog', ['syslog-address=ftp://x'], /syslog-address/],
      ['syslog', ['syslog-facility=lunch'], /syslog-facility/],
      ['syslog', ['syslog-address=udp://x', 'syslog-tls-key=/k'], /for TLS alone/],
      ['gelf', ['gelf-address=unix:///x'], /gelf-address/],
      ['fluentd', ['fluentd-address=udp://x'], /fluentd-address/],
      ['none', ['tag=x'], /invalid logging opts for driver none/],
      ['nonsense', [], /no log driver named/],
    ];
    for (const [driver, options, reason] of refused) {
      const done = await run(driver, options, ':', ['--name', 'refused']);
      expect(done.exitCode, `${driver} ${options}`).toBe(125);
      expect(done.stderr).toMatch(reason);
    }
    expect((await user.wherry(['ps', '-a', '--filter', 'name=refused', '-q'])).stdout).toBe('');
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(user.root);
  });
});

type Forwarded = readonly [
  tag: string,
  time: number | { readonly seconds: number },
  record: Readonly<Record<string, string>>,
];
