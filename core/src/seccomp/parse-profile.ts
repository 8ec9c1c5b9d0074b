import { WherryError } from '../errors/error.ts';
import { isScmpArch } from './arch.ts';
import {
  type KernelVersion,
  SECCOMP_ACTIONS,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
  type SeccompAction,
  type SeccompArchMap,
  type SeccompArg,
  type SeccompCondition,
  type SeccompFlag,
  type SeccompProfile,
  type SeccompRule,
} from './profile.ts';

type Json = null | boolean | string | number | bigint | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

const MAX_U64 = (1n << 64n) - 1n;

/**
 * Reads the text of a seccomp profile.
 *
 * @param source What the user called it, for messages: a path.
 * @throws WherryError `E_SECCOMP_PROFILE` that names the field which is wrong.
 */
export function parseSeccompProfile(text: string, source: string): SeccompProfile {
  const reader = new Reader(source);
  let json: Json;
  try {
    json = JSON.parse(text, keepIntegers as (this: unknown, key: string, value: unknown) => unknown) as Json;
  } catch (cause) {
    throw reader.error('isn’t JSON', cause);
  }
  return reader.profile(json);
}

/** JSON.parse's reviver that keeps 64-bit integers whole: argument values go up to 2^64-1. */
function keepIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return context?.source !== undefined && /^\d+$/.test(context.source) ? BigInt(context.source) : value;
}

class Reader {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  error(problem: string, cause?: unknown): WherryError {
    return new WherryError(`The seccomp profile ${this.#source} can't be used: it ${problem}.`, {
      code: 'E_SECCOMP_PROFILE',
      hint: 'Correct the profile, or use --security-opt seccomp=unconfined to run without a filter.',
      cause,
    });
  }

  profile(json: Json): SeccompProfile {
    const root = this.object(json, 'the profile');
    if (root.listenerPath !== undefined || root.listenerMetadata !== undefined) {
      throw this.error('asks for a listener (listenerPath), which Wherry has none of');
    }
    const architectures = this.list(root.architectures, 'architectures', (v, at) => this.arch(v, at));
    const archMap = this.list(root.archMap, 'archMap', (v, at) => this.archMap(v, at));
    if (architectures.length > 0 && archMap.length > 0) {
      throw this.error('has both architectures and archMap, and only one of them may be there');
    }
    return {
      defaultAction: this.action(root.defaultAction, 'defaultAction'),
      ...this.errno(root.defaultErrnoRet, 'defaultErrnoRet', 'defaultErrnoRet'),
      ...(architectures.length > 0 && { architectures }),
      ...(archMap.length > 0 && { archMap }),
      flags: this.list(root.flags, 'flags', (v, at) => this.flag(v, at)),
      syscalls: this.list(root.syscalls, 'syscalls', (v, at) => this.rule(v, at)),
    };
  }

  rule(json: Json, at: string): SeccompRule {
    const rule = this.object(json, at);
    const names = this.list(rule.names, `${at}.names`, (v, where) => this.string(v, where));
    if (rule.name !== undefined && rule.name !== '') {
      if (names.length > 0) throw this.error(`has both name and names in ${at}`);
      names.push(this.string(rule.name, `${at}.name`));
    }
    if (names.length === 0) throw this.error(`names no system call in ${at}`);
    return {
      names,
      action: this.action(rule.action, `${at}.action`),
      ...this.errno(rule.errnoRet, `${at}.errnoRet`, 'errnoRet'),
      args: this.list(rule.args, `${at}.args`, (v, where) => this.arg(v, where)),
      ...this.condition(rule.includes, `${at}.includes`, 'includes'),
      ...this.condition(rule.excludes, `${at}.excludes`, 'excludes'),
    };
  }

  arg(json: Json, at: string): SeccompArg {
    const arg = this.object(json, at);
    const index = this.integer(arg.index, `${at}.index`, 5n);
    const op = SECCOMP_OPERATORS.find((known) => known === arg.op);
    if (op === undefined) throw this.error(`has an unknown comparison in ${at}.op (${show(arg.op)})`);
    return {
      index: Number(index),
      value: this.integer(arg.value ?? 0, `${at}.value`, MAX_U64),
      valueTwo: this.integer(arg.valueTwo ?? 0, `${at}.valueTwo`, MAX_U64),
      op,
    };
  }

  condition<K extends string>(
    json: Json | undefined,
    at: string,
    key: K,
  ): { readonly [P in K]?: SeccompCondition } {
    if (json === undefined || json === null) return {};
    const condition = this.object(json, at);
    const strings = (v: Json | undefined, name: string) =>
      this.list(v, `${at}.${name}`, (item, where) => this.string(item, where));
    const parsed: SeccompCondition = {
      caps: strings(condition.caps, 'caps'),
      arches: strings(condition.arches, 'arches'),
      ...(condition.minKernel !== undefined && {
        minKernel: this.kernel(condition.minKernel, `${at}.minKernel`),
      }),
    };
    return { [key]: parsed } as { readonly [P in K]?: SeccompCondition };
  }

  kernel(json: Json, at: string): KernelVersion {
    const match = /^(\d{1,4})\.(\d{1,4})$/.exec(this.string(json, at));
    if (match === null) throw this.error(`has no kernel version like 4.8 in ${at} (${show(json)})`);
    return { major: Number(match[1]), minor: Number(match[2]) };
  }

  archMap(json: Json, at: string): SeccompArchMap {
    const entry = this.object(json, at);
    return {
      architecture: this.arch(entry.architecture, `${at}.architecture`),
      subArchitectures: this.list(entry.subArchitectures, `${at}.subArchitectures`, (v, w) =>
        this.arch(v, w),
      ),
    };
  }

  arch(json: Json | undefined, at: string): string {
    const name = this.string(json, at);
    if (!isScmpArch(name)) throw this.error(`has an unknown architecture in ${at} (${name})`);
    return name;
  }

  action(json: Json | undefined, at: string): SeccompAction {
    if (json === 'SCMP_ACT_NOTIFY')
      throw this.error(`uses SCMP_ACT_NOTIFY in ${at}, and there is no listener to ask`);
    const action = SECCOMP_ACTIONS.find((known) => known === json);
    if (action === undefined) throw this.error(`has an unknown action in ${at} (${show(json)})`);
    return action;
  }

  flag(json: Json, at: string): SeccompFlag {
    const flag = this.string(json, at);
    if (!Object.hasOwn(SECCOMP_FLAGS, flag)) throw this.error(`has an unknown flag in ${at} (${flag})`);
    return flag as SeccompFlag;
  }

  errno<K extends string>(json: Json | undefined, at: string, key: K): { readonly [P in K]?: number } {
    if (json === undefined || json === null) return {};
    return { [key]: Number(this.integer(json, at, 0xffffn)) } as { readonly [P in K]?: number };
  }

  integer(json: Json | undefined, at: string, max: bigint): bigint {
    if (typeof json === 'bigint' || Number.isSafeInteger(json)) {
      const value = BigInt(json as number | bigint);
      if (value >= 0n && value <= max) return value;
    }
    throw this.error(`has no whole number from 0 to ${max} in ${at} (${show(json)})`);
  }

  string(json: Json | undefined, at: string): string {
    if (typeof json !== 'string') throw this.error(`has no text in ${at}`);
    return json;
  }

  object(json: Json, at: string): JsonObject {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw this.error(`has no object in ${at}`);
    return json as JsonObject;
  }

  list<T>(json: Json | undefined, at: string, item: (value: Json, at: string) => T): T[] {
    if (json === undefined || json === null) return [];
    if (!Array.isArray(json)) throw this.error(`has no list in ${at}`);
    return json.map((value: Json, index) => item(value, `${at}[${index}]`));
  }
}

function show(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}
