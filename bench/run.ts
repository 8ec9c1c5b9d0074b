import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { containerSections, makeMany } from './containers.ts';
import { partsOfRun } from './parts.ts';
import { type Peers, preparePeers, REGISTRY, WHERRY } from './peers.ts';
import { table } from './report.ts';
import { type Command, execute, interleave, type Series } from './sample.ts';
import type { Section } from './section.ts';

const busybox = `${REGISTRY}/busybox:latest`;
const debian = `${REGISTRY}/debian:bookworm`;
const ofContainers = () =>
  containerSections({ wherry: WHERRY, podman: 'podman', image: debian, makeMany: makeMany(debian) });
/** `containers` stands for all of them. */
const containerNames = Object.keys(ofContainers());

function sections(peers: Peers): Record<string, Section> {
  const { bundle } = peers;
  const run = (program: string, image: string, ...flags: string[]): Command => ({
    argv: [program, 'run', '--rm', '--network', 'none', ...flags, image, 'true'],
  });
  return {
    run: {
      title: '`run --rm --network none busybox true`',
      peer: 'podman',
      rounds: 25,
      subjects: {
        wherry: run(WHERRY, busybox),
        'wherry, no log': run(WHERRY, busybox, '--log-driver', 'none'),
        podman: run('podman', busybox),
        'crun run (a ready bundle)': { argv: ['crun', 'run', '-b', bundle, 'bench'] },
        'bwrap (a ready tree)': {
          argv: [
            'bwrap',
            '--unshare-all',
            '--bind',
            `${bundle}/rootfs`,
            '/',
            '--proc',
            '/proc',
            '--dev',
            '/dev',
            '/bin/true',
          ],
        },
      },
    },
    debian: {
      title: '`run --rm --network none debian true`',
      peer: 'podman',
      rounds: 25,
      subjects: { wherry: run(WHERRY, debian), podman: run('podman', debian) },
    },
    parts: {
      title: 'The parts of `run --rm --network none debian true`',
      peer: 'wherry',
      rounds: 25,
      subjects: () => partsOfRun(peers),
    },
    cli: {
      title: 'What the command line itself costs',
      peer: 'podman ps',
      rounds: 15,
      subjects: {
        'node -e 0': { argv: [process.execPath, '-e', '0'] },
        'wherry version': { argv: [WHERRY, 'version'] },
        'wherry ps': { argv: [WHERRY, 'ps'] },
        'wherry images': { argv: [WHERRY, 'images'] },
        'podman ps': { argv: ['podman', 'ps'] },
        'podman images': { argv: ['podman', 'images'] },
      },
    },
    ...ofContainers(),
  };
}

function machine(): string {
  const kernel = os.release();
  const system = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  const podman = execFileSync('podman', ['--version']).toString().trim();
  const load = os.loadavg()[0]?.toFixed(1);
  return `${system}, Linux ${kernel}, ${os.cpus().length} cores, ${podman}, Node ${process.version}, load ${load} at the start.`;
}

const peers = preparePeers();
const all = sections(peers);
const words = process.argv.slice(2);
const wanted = words.flatMap((word) => (word === 'containers' ? containerNames : [word]));
const unknown = wanted.filter((name) => !(name in all));
if (unknown.length > 0) {
  process.stderr.write(
    `bench: no section ${unknown.join(', ')}; there are ${Object.keys(all).join(', ')}.\n`,
  );
  process.exit(2);
}
for (const image of [busybox, debian]) {
  for (const program of [WHERRY, 'podman']) {
    execFileSync(program, ['pull', '-q', image], {
      ...peers.user,
      env: { ...peers.user.env },
      cwd: peers.user.env.HOME,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}
/** One file for each section, and one for all that concerns containers, whose other sections stay as they were taken before. */
const reports = new Map<string, Map<string, { readonly section: Section; readonly series: Series[] }>>();
const fileOf = (name: string): string => (containerNames.includes(name) ? 'containers' : name);
for (const [name, section] of Object.entries(all)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const report = reports.get(fileOf(name)) ?? new Map();
  reports.set(fileOf(name), report);
  const subjects = typeof section.subjects === 'function' ? section.subjects() : section.subjects;
  if (section.setup) execute(section.setup, peers.user);
  const series = interleave(subjects, section.rounds, peers.user);
  if (section.teardown) execute(section.teardown, peers.user);
  report.set(name, { section, series });
  console.log(table(section.title, series, section.peer));
}
const out = path.join(import.meta.dirname, 'results');
for (const [file, report] of reports) {
  const before = earlier(path.join(out, `${file}.json`));
  const raw: Record<string, Series[]> = {};
  const text = [
    '# Figures',
    '',
    machine(),
    'Read the ratios; each section was taken in interleaved rounds.',
    '',
  ];
  for (const [name, { title, peer }] of Object.entries(all)) {
    if (fileOf(name) !== file) continue;
    const series = report.get(name)?.series ?? before[name];
    if (series === undefined) continue;
    raw[name] = series;
    text.push(table(report.has(name) ? title : `${title} (of an earlier run)`, series, peer));
  }
  writeFileSync(path.join(out, `${file}.md`), text.join('\n'));
  writeFileSync(path.join(out, `${file}.json`), `${JSON.stringify(raw)}\n`);
}

function earlier(file: string): Readonly<Record<string, Series[]>> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Series[]>) : {};
}
