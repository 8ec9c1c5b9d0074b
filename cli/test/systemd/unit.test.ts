import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import Run from '../../src/commands/run.ts';
import { newCommand } from '../../src/systemd/new-command.ts';
import { type Service, type Unit, unitText } from '../../src/systemd/unit.ts';

const unit = (service: Service, change: Partial<Unit> = {}): Unit => ({
  name: 'container-web',
  program: '/bin/true',
  root: '/tmp',
  environment: {},
  header: false,
  after: [],
  wants: [],
  requires: [],
  service,
  ...change,
});
const CONTAINER = {
  kind: 'container',
  container: 'web',
  restartPolicy: 'on-failure',
  stopTimeout: 10,
} as const;

describe('a unit', () => {
  it('starts a container that is there, and stops it', () => {
    const text = unitText(
      unit({ ...CONTAINER, restartSec: 5, startTimeout: 30 }, { after: ['a.service', 'b.service'] }),
    );
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'After=a.service b.service',
        'Restart=on-failure',
        'RestartSec=5',
        'TimeoutStartSec=30',
        'TimeoutStopSec=70',
        'ExecStart=/bin/true start --attach web',
        'ExecStop=/bin/true stop --timeout 10 web',
        'WantedBy=default.target',
      ]),
    );
  });

  it('makes a container anew', () => {
    const text = unitText(
      unit({ ...CONTAINER, run: ['--rm', '--name', 'web', 'busybox', 'echo', '$HOME 100%', 'a"b'] }),
    );
    expect(text).toContain('\nExecStartPre=-/bin/true rm --force web\n');
    expect(text).toContain('\nExecStart=/bin/true run --rm --name web busybox echo "$$HOME 100%%" "a\\"b"\n');
    expect(text).toContain('\nExecStopPost=-/bin/true rm --force web\n');
  });

  it('starts all', () => {
    const text = unitText(unit({ kind: 'start-all' }, { environment: { A: 'b c' }, header: true }));
    expect(text).toContain('\nExecStart=/bin/true system start-all\n');
    expect(text).toContain('\nEnvironment="A=b c"\n');
    expect(text).toMatch(/^# container-web.service, made by wherry/);
  });

  it('is one that systemd reads', (context) => {
    if (!existsSync('/usr/bin/systemd-analyze')) return context.skip('systemd-analyze is not installed');
    const directory = mkdtempSync(join(tmpdir(), 'wherry-units-'));
    try {
      const services: Service[] = [{ kind: 'start-all' }, { ...CONTAINER, run: ['b', '$x "y"'] }];
      for (const service of services) {
        const file = join(directory, 'container-web.service');
        writeFileSync(file, unitText(unit(service, { environment: { A: 'b "c"' } })));
        const verify = ['--man=no', '--recursive-errors=no', 'verify', file];
        const { status, stderr } = spawnSync('systemd-analyze', verify, { encoding: 'utf8' });
        const said = stderr.split('\n').filter((line) => line.includes('container-web'));
        expect({ status, said }).toEqual({ status: 0, said: [] });
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

it.each([
  ['-d --name web -p 80:80 nginx', '-p 80:80 nginx'],
  ['-itd -p80:80 --restart=always --restart always nginx -g -d', '-t -p80:80 nginx -g -d'],
  ['--rm --env A=b -eC=d --detach=true -- nginx', '--env A=b -eC=d nginx'],
  ['--cidfile x -v /a:/b --read-only nginx', '-v /a:/b --read-only nginx'],
])('run %s is %s in a unit', (words, kept) => {
  expect(newCommand(words.split(' '), 'web', Run.flags)).toEqual([
    '--rm',
    '--name',
    'web',
    ...kept.split(' '),
  ]);
});
