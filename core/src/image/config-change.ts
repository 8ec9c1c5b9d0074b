import { durationMs } from '../container/duration.ts';
import { WherryError } from '../errors/error.ts';

/** `config` of an image as the OCI image specification has it, with Docker's additions. */
export type MutableConfig = Record<string, unknown>;

const COMMANDS =
  'CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR';

/**
 * Applies an instruction of a Dockerfile to an image's configuration, as `commit --change` and `import --change` take it.
 * @throws WherryError `E_CHANGE`
 */
export function changeConfig(config: MutableConfig, line: string): MutableConfig {
  const [, word = '', rest = ''] = /^\s*([A-Za-z]+)\s+(.*?)\s*$/s.exec(line) ?? [];
  switch (word.toUpperCase()) {
    case 'CMD':
      return { ...config, Cmd: commandOf(rest) };
    case 'ENTRYPOINT':
      return { ...config, Entrypoint: commandOf(rest) };
    case 'ENV':
      return { ...config, Env: withVariables(texts(config.Env), pairs(line, rest)) };
    case 'LABEL':
      return { ...config, Labels: { ...object(config.Labels), ...Object.fromEntries(pairs(line, rest)) } };
    case 'EXPOSE':
      return { ...config, ExposedPorts: { ...object(config.ExposedPorts), ...keys(ports(line, rest)) } };
    case 'VOLUME':
      return {
        ...config,
        Volumes: { ...object(config.Volumes), ...keys(jsonWords(rest) ?? words(line, rest)) },
      };
    case 'HEALTHCHECK':
      return { ...config, Healthcheck: healthcheck(line, rest) };
    case 'ONBUILD':
      return { ...config, OnBuild: [...texts(config.OnBuild), rest] };
    case 'STOPSIGNAL':
      return { ...config, StopSignal: single(line, rest) };
    case 'USER':
      return { ...config, User: single(line, rest) };
    case 'WORKDIR': {
      const before = typeof config.WorkingDir === 'string' ? config.WorkingDir : '/';
      const path = single(line, rest);
      return {
        ...config,
        WorkingDir: path.startsWith('/') ? path : `${before.replace(/\/$/, '')}/${path}`,
      };
    }
    default:
      throw invalid(line, `${word === '' ? 'it' : word} is no instruction that can be applied to an image`);
  }
}

/** The exec form is JSON; anything else goes to a shell. */
function commandOf(rest: string): readonly string[] {
  return jsonWords(rest) ?? ['/bin/sh', '-c', rest];
}

const TIMES: Readonly<Record<string, string>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};

/** `HEALTHCHECK [--interval=30s …] CMD …`, or `NONE`; times become nanoseconds. */
function healthcheck(line: string, text: string): Readonly<Record<string, unknown>> {
  const check: Record<string, unknown> = {};
  let rest = text;
  for (
    let flag = /^--([a-z-]+)=(\S+)\s+/.exec(rest);
    flag !== null;
    flag = /^--([a-z-]+)=(\S+)\s+/.exec(rest)
  ) {
    const [whole, name = '', value = ''] = flag;
    const field = TIMES[name];
    const ms = durationMs(value);
    if (name === 'retries' && /^\d+$/.test(value)) check.Retries = Number(value);
    else if (field !== undefined && ms !== undefined && ms >= 0) check[field] = Math.round(ms * 1e6);
    else throw invalid(line, `--${name}=${value} is no option of HEALTHCHECK`);
    rest = rest.slice(whole.length);
  }
  if (/^NONE$/i.test(rest)) return { Test: ['NONE'] };
  const command = /^CMD\s+(.+)$/is.exec(rest)?.[1];
  if (command === undefined) throw invalid(line, 'HEALTHCHECK takes CMD and a command, or NONE');
  const words = jsonWords(command);
  return { Test: words === undefined ? ['CMD-SHELL', command] : ['CMD', ...words], ...check };
}

function jsonWords(rest: string): readonly string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(rest);
    return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;
  } catch {
    // As a Dockerfile has it: what is no JSON is a shell's command.
    return undefined;
  }
}

const WORD = /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs;

/** Words as a Dockerfile separates them: quotes and backslashes keep blanks. */
function words(line: string, rest: string): readonly string[] {
  if (rest.replace(WORD, '').trim() !== '') throw invalid(line, 'a quote in it is not closed');
  const found = rest.match(WORD) ?? [];
  return found.map((word) =>
    word.replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, escaped, double, quoted) =>
      double === undefined ? (escaped ?? quoted) : double.replace(/\\(.)/gs, '$1'),
    ),
  );
}

function pairs(line: string, rest: string): readonly (readonly [string, string])[] {
  const found = words(line, rest);
  // The old form has one name, and all else is its value.
  if (found[0] !== undefined && !found[0].includes('=')) {
    const [, name = '', value] = /^(\S+)\s+(.*)$/s.exec(rest) ?? [];
    if (value === undefined) throw invalid(line, 'it has a name without a value');
    return [[name, value]];
  }
  return found.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw invalid(line, `${word} is not NAME=VALUE`);
    return [word.slice(0, equals), word.slice(equals + 1)] as const;
  });
}

function ports(line: string, rest: string): readonly string[] {
  return words(line, rest).map((word) => {
    const [, port, protocol = 'tcp'] = /^(\d{1,5}(?:-\d{1,5})?)(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? [];
    if (port === undefined) throw invalid(line, `${word} is no port`);
    return `${port}/${protocol.toLowerCase()}`;
  });
}

function withVariables(
  env: readonly string[],
  added: readonly (readonly [string, string])[],
): readonly string[] {
  const all = new Map(env.map((each) => [each.split('=', 1)[0] ?? '', each]));
  for (const [name, value] of added) all.set(name, `${name}=${value}`);
  return [...all.values()];
}

function single(line: string, rest: string): string {
  const [word, ...more] = words(line, rest);
  if (word === undefined || more.length > 0) throw invalid(line, 'it takes exactly one word');
  return word;
}

function keys(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function invalid(line: string, reason: string): WherryError {
  return new WherryError(`The change "${line}" can't be applied: ${reason}.`, {
    code: 'E_CHANGE',
    hint: `Changes are instructions of a Dockerfile: ${COMMANDS}.`,
    exitCode: 1,
  });
}
