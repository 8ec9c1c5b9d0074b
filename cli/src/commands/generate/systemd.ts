import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as Flags from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { EXIT, WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../../base-command.ts';
import { newCommand } from '../../systemd/new-command.ts';
import { type Service, type Unit, unitText } from '../../systemd/unit.ts';
import { print } from '../../terminal/output.ts';
import Run from '../run.ts';

const POLICIES = ['no', 'on-success', 'on-failure', 'on-abnormal', 'on-watchdog', 'on-abort', 'always'];
/** Variables by which a command finds its state and its Node.js. */
const INHERITED = ['WHERRY_ROOT', 'WHERRY_NODE', 'WHERRY_STORAGE_DRIVER', 'WHERRY_LOG_DRIVER'];

const list = (summary: string) => Flags.string({ multiple: true, helpValue: 'stringArray', summary });
const seconds = (summary: string) => Flags.integer({ helpValue: 'int', summary });

export default class GenerateSystemd extends BaseCommand {
  static override id = 'generate systemd';
  static override summary =
    "Generate a user unit of systemd for each container, or one for all by 'system start-all'";
  static override usage = '[OPTIONS] [CONTAINER...]';
  static override examples = [
    'wherry generate systemd --name web',
    'wherry generate systemd --new --files --name web',
  ];
  static override arity = { min: 0, max: Number.POSITIVE_INFINITY };
  static override completes = 'containers' as const;
  static override flags = {
    after: list('Units that the generated unit starts after'),
    'container-prefix': Flags.string({
      default: 'container',
      helpValue: 'string',
      summary: 'Prefix of the names of units (default "container")',
    }),
    env: Flags.string({
      char: 'e',
      multiple: true,
      helpValue: 'stringArray',
      summary: 'Set environment variables of the unit',
    }),
    files: Flags.boolean({ char: 'f', summary: 'Write .service files here, and print their paths' }),
    name: Flags.boolean({ char: 'n', summary: "Use containers' names instead of their IDs" }),
    new: Flags.boolean({ summary: 'Make the container anew at each start, and remove it at each stop' }),
    'no-header': Flags.boolean({ summary: 'Leave out the comment at the beginning' }),
    requires: list('Units that the generated unit requires'),
    'restart-policy': Flags.string({
      default: 'on-failure',
      options: POLICIES,
      helpValue: 'string',
      summary: 'Restart policy of systemd (default "on-failure")',
    }),
    'restart-sec': seconds('Seconds before systemd starts it again'),
    separator: Flags.string({
      default: '-',
      helpValue: 'string',
      summary: 'Between prefix and name (default "-")',
    }),
    'start-timeout': seconds('Seconds that a start may take'),
    'stop-timeout': seconds("Seconds before a stop kills (default the container's own)"),
    wants: list('Units that the generated unit wants'),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(GenerateSystemd.flags);
    const { containers, info } = await this.engine().then(async (engine) => ({
      containers: engine.containers,
      info: await engine.info(),
    }));
    const common = {
      program: path.join(path.dirname(process.argv[1] ?? ''), '../bin/wherry'),
      root: info.root,
      environment: { ...this.#environment(info.root), ...pairs(flags.env ?? []) },
      header: !flags['no-header'],
      after: flags.after ?? [],
      wants: flags.wants ?? [],
      requires: flags.requires ?? [],
    };
    const units: Unit[] = [];
    for (const each of args) {
      const found = (await containers.inspect(each)) as unknown as Inspected;
      const container = flags.name ? found.Name.slice(1) : found.Id;
      const name = `${flags['container-prefix']}${flags.separator}${container}`;
      const command = flags.new ? await containers.createCommand(each) : undefined;
      if (flags.new && command === undefined) throw noCommand(each);
      const run = command && newCommand(command, found.Name.slice(1), Run.flags);
      // By its name alone one is found again that is made anew.
      const named = flags.new ? found.Name.slice(1) : container;
      units.push({ ...common, name, service: containerService(named, run, flags, found) });
    }
    if (args.length === 0) {
      const service: Service = { kind: 'start-all', startTimeout: flags['start-timeout'] };
      units.push({ ...common, name: 'wherry-start-all', service });
    }
    if (flags.files) for (const unit of units) writeUnit(unit);
    else print(units.map(unitText).join('\n').trimEnd());
  }

  /** What of this call's environment makes a difference to what is found. */
  #environment(root: string): Readonly<Record<string, string>> {
    const found = INHERITED.flatMap((key) => {
      const value = process.env[key];
      return value === undefined || value === '' ? [] : [[key, value] as const];
    });
    return {
      ...Object.fromEntries(found),
      ...(this.options.root === undefined ? {} : { WHERRY_ROOT: root }),
    };
  }
}

/** What of `inspect` is needed here. */
interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly StopTimeout?: number };
}

function containerService(
  container: string,
  run: readonly string[] | undefined,
  flags: InferredFlags<typeof GenerateSystemd.flags>,
  { Config }: Inspected,
): Service {
  return {
    kind: 'container',
    container,
    run,
    restartPolicy: flags['restart-policy'],
    restartSec: flags['restart-sec'],
    startTimeout: flags['start-timeout'],
    stopTimeout: Math.max(0, flags['stop-timeout'] ?? Config.StopTimeout ?? 10),
  };
}

function writeUnit(unit: Unit): void {
  const file = path.resolve(`${unit.name}.service`);
  writeFileSync(file, unitText(unit));
  print(file);
}

function pairs(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf('=');
      if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)];
      throw new WherryError(`invalid argument "${word}" for "-e, --env" flag`, {
        code: 'E_OPTION',
        hint: 'Write it as NAME=VALUE.',
        exitCode: EXIT.failure,
      });
    }),
  );
}

function noCommand(container: string): WherryError {
  return new WherryError(`It isn't known by which command ${container} was made.`, {
    code: 'E_NO_CREATE_COMMAND',
    hint: 'Make it by wherry run or wherry create, or leave out --new.',
    exitCode: EXIT.failure,
  });
}
