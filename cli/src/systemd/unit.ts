/** A unit of systemd's user manager (systemd.unit(5), systemd.service(5)). */
export interface Unit {
  /** Without `.service`. */
  readonly name: string;
  /** Absolute path of the program. */
  readonly program: string;
  /** The state directory; the unit waits for it to be mounted. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly header: boolean;
  readonly after: readonly string[];
  readonly wants: readonly string[];
  readonly requires: readonly string[];
  readonly service: Service;
}

export type Service =
  /** All that `system start-all` starts; their monitors stay in the unit, which stops them. */
  | { readonly kind: 'start-all'; readonly startTimeout?: number | undefined }
  | {
      readonly kind: 'container';
      /** Name or id. */
      readonly container: string;
      /** Arguments of `run`, which makes the container anew at each start; absent for one that is there. */
      readonly run?: readonly string[] | undefined;
      readonly restartPolicy: string;
      /** Seconds. */
      readonly restartSec?: number | undefined;
      readonly startTimeout?: number | undefined;
      readonly stopTimeout: number;
    };

/** Seconds that systemd gives `stop` beyond the container's own time. */
const STOP_MARGIN = 60;

/** The text of a unit. */
export function unitText(unit: Unit): string {
  const { name, header, root, environment, after, wants, requires, service } = unit;
  const list = (key: string, units: readonly string[]): readonly string[] =>
    units.length === 0 ? [] : [`${key}=${units.join(' ')}`];
  const what =
    service.kind === 'container' ? `Wherry container ${service.container}` : 'Containers of Wherry';
  return [
    ...(header
      ? [
          `# ${name}.service, made by wherry generate systemd. To use it:`,
          '#   put it into ~/.config/systemd/user',
          `#   systemctl --user daemon-reload && systemctl --user enable --now ${name}.service`,
          '#   loginctl enable-linger   so that it starts with the machine, and outlives a logout',
          '',
        ]
      : []),
    '[Unit]',
    `Description=${specifiers(what)}`,
    `RequiresMountsFor=${quoted(root)}`,
    ...list('Wants', wants),
    ...list('Requires', requires),
    ...list('After', after),
    '',
    '[Service]',
    // systemd leaves alone what is made below the unit's cgroup.
    'Delegate=yes',
    ...Object.entries(environment).map(([key, value]) => `Environment=${quoted(`${key}=${value}`)}`),
    ...(service.kind === 'container' ? containerLines(unit, service) : startAllLines(unit, service)),
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ].join('\n');
}

function startAllLines(
  { program }: Unit,
  { startTimeout }: Extract<Service, { readonly kind: 'start-all' }>,
): readonly string[] {
  return [
    'Type=oneshot',
    'RemainAfterExit=yes',
    ...(startTimeout === undefined ? [] : [`TimeoutStartSec=${startTimeout}`]),
    // Each monitor takes systemd's SIGTERM for a stop; unlike `wherry stop`, that is not the user's wish.
    `TimeoutStopSec=${STOP_MARGIN}`,
    `ExecStart=${commandLine([program, 'system', 'start-all'])}`,
  ];
}

function containerLines(
  { program }: Unit,
  service: Extract<Service, { readonly kind: 'container' }>,
): readonly string[] {
  const { container, run, restartPolicy, restartSec, startTimeout, stopTimeout } = service;
  const line = (...words: readonly string[]): string => commandLine([program, ...words]);
  return [
    'Type=exec',
    `Restart=${restartPolicy}`,
    ...(restartSec === undefined ? [] : [`RestartSec=${restartSec}`]),
    ...(startTimeout === undefined ? [] : [`TimeoutStartSec=${startTimeout}`]),
    `TimeoutStopSec=${stopTimeout + STOP_MARGIN}`,
    // A command without a handler for SIGTERM has done what it was asked for.
    'SuccessExitStatus=143',
    ...(run === undefined
      ? [`ExecStart=${line('start', '--attach', container)}`]
      : [`ExecStartPre=-${line('rm', '--force', container)}`, `ExecStart=${line('run', ...run)}`]),
    `ExecStop=${line('stop', '--timeout', String(stopTimeout), container)}`,
    ...(run === undefined ? [] : [`ExecStopPost=-${line('rm', '--force', container)}`]),
  ];
}

function commandLine([program = '', ...words]: readonly string[]): string {
  // A dollar sign begins a variable in arguments, not in the program's own name.
  return [quoted(program), ...words.map((word) => quoted(word.replaceAll('$', '$$$$')))].join(' ');
}

/** As systemd.syntax(7) and systemd.service(5) read it: a word by itself, with quotes where it needs some. */
function quoted(word: string): string {
  const text = specifiers(word);
  if (/^[A-Za-z0-9_@%+=:,./$-]+$/.test(text)) return text;
  const escaped = text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return `"${escaped}"`;
}

const specifiers = (text: string): string => text.replaceAll('%', '%%');
