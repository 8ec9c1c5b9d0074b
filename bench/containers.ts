import { CORE } from './peers.ts';
import type { Command } from './sample.ts';
import type { Section } from './section.ts';

/** How many containers there are where many are asked for, and how many lines where much is logged. */
const MANY = 1000;
const LINES = 1_000_000;
/** What cksum(1) says of `seq` of so many. */
const CHECKSUM = '3634730569 6888896';

export interface ContainerSubjects {
  readonly wherry: string;
  readonly podman: string;
  /** With a shell, seq(1) and sleep(1). */
  readonly image: string;
  /** Makes many containers at once through the library, as a command line: how many follows. */
  readonly makeMany: readonly string[];
}

/** The command line, to which a number is added, that creates containers of an image through the library. */
export function makeMany(image: string): readonly string[] {
  const script = `
    const { Engine } = await import(process.argv[1]);
    const engine = new Engine();
    const no = { interactive: false, tty: false, autoRemove: false, readOnly: false, privileged: false, init: false };
    const none = { capAdd: [], capDrop: [], securityOpt: [], network: 'none' };
    for (let made = 0; made < Number(process.argv[2]); made += 1) {
      await engine.containers.create({ image: ${JSON.stringify(image)}, command: ['true'], ...no, ...none });
    }
    engine.close();`;
  return [process.execPath, '--input-type=module', '-e', script, CORE];
}

/** The commands of a container's life beside podman's. Each section makes what it needs and removes it, untimed. */
export function containerSections(subjects: ContainerSubjects): Record<string, Section> {
  const { wherry, podman, image, makeMany } = subjects;
  const both = (make: (program: string) => Command): Record<string, Command> => ({
    wherry: make(wherry),
    podman: make(podman),
  });
  const sh = (script: string): readonly string[] => ['sh', '-c', script];
  const start = (program: string) => sh(`${program} run -d --name bench --network none ${image} sleep 1000`);
  // podman gives it ten seconds to end by itself, unless it is killed first.
  const remove = (program: string) =>
    sh(`${program} kill bench >/dev/null 2>&1; ${program} rm -f bench >/dev/null 2>&1 || true`);
  const flood = (program: string, options: string) =>
    sh(
      `${program} run -d --name bench --network none ${options} ${image} seq ${LINES} && ${program} wait bench`,
    );
  const loggers = (make: (program: string, options: string) => Command): Record<string, Command> => ({
    'wherry, json-file': make(wherry, ''),
    'wherry, local': make(wherry, '--log-driver local'),
    podman: make(podman, '--log-driver k8s-file'),
  });
  const section = (title: string, rounds: number, of: Record<string, Command>, peer = 'podman'): Section => ({
    title,
    peer,
    rounds,
    subjects: of,
  });
  const running = (title: string, words: readonly string[]): Section =>
    section(
      title,
      7,
      both((program) => ({ before: start(program), argv: [program, ...words], after: remove(program) })),
    );
  return {
    create: section(
      '`create`',
      7,
      both((program) => ({
        argv: [program, 'create', '--name', 'bench', '--network', 'none', image, 'true'],
        after: remove(program),
      })),
    ),
    start: section(
      '`start` of a container that was created',
      7,
      both((program) => ({
        before: sh(`${program} create --name bench --network none ${image} sleep 1000`),
        argv: [program, 'start', 'bench'],
        after: remove(program),
      })),
    ),
    'run-d': section(
      '`run -d --network none sleep`',
      7,
      both((program) => ({ argv: start(program), after: remove(program) })),
    ),
    exec: running('`exec true`', ['exec', 'bench', 'true']),
    ps: running('`ps` with one container', ['ps']),
    inspect: running('`inspect`', ['inspect', 'bench']),
    stop: running('`stop -t 0`', ['stop', '-t', '0', 'bench']),
    rm: section(
      '`rm` of a container that has ended',
      7,
      both((program) => ({
        before: sh(`${program} run --name bench --network none ${image} true`),
        argv: [program, 'rm', 'bench'],
        after: sh('true'),
      })),
    ),
    // Both kill at once: podman's own default is to wait ten seconds before.
    'rm-f': section('`rm -f` of one that runs (podman: `rm -f -t 0`)', 7, {
      wherry: { before: start(wherry), argv: [wherry, 'rm', '-f', 'bench'], after: remove(wherry) },
      podman: {
        before: start(podman),
        argv: [podman, 'rm', '-f', '-t', '0', 'bench'],
        after: remove(podman),
      },
    }),
    log: section(
      `${LINES.toLocaleString('en')} lines logged: \`run -d seq\` and \`wait\``,
      3,
      loggers((program, options) => ({ argv: flood(program, options), after: remove(program) })),
    ),
    logs: section(
      `${LINES.toLocaleString('en')} lines read back, none missing`,
      3,
      loggers((program, options) => ({
        before: flood(program, options),
        argv: sh(`test "$(${program} logs bench | cksum)" = '${CHECKSUM}'`),
        after: remove(program),
      })),
    ),
    'logs-tail': running('`logs --tail 10`', ['logs', '--tail', '10', 'bench']),
    many: {
      ...section(
        `With ${MANY.toLocaleString('en')} containers`,
        15,
        {
          'wherry version': { argv: [wherry, 'version'] },
          'wherry ps -a': { argv: [wherry, 'ps', '-a'] },
          'wherry ps -aq': { argv: [wherry, 'ps', '-aq'] },
          'wherry ps': { argv: [wherry, 'ps'] },
        },
        'wherry version',
      ),
      setup: [...makeMany, String(MANY)],
      teardown: sh(`${wherry} rm $(${wherry} ps -aq)`),
    },
    'rm-many': section('`rm` of 100 containers in one command', 2, {
      wherry: { before: [...makeMany, '100'], argv: sh(`${wherry} rm $(${wherry} ps -aq)`) },
      podman: {
        before: sh(`for i in $(seq 100); do ${podman} create --network none ${image} true; done`),
        argv: sh(`${podman} rm $(${podman} ps -aq)`),
      },
    }),
  };
}
