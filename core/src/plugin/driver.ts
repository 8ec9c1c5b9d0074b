import type { DriverError, LogLevel } from './contract.ts';
import { DeadlineError, withDeadline } from './deadline.ts';
import { answered, badReply, timedOut, trapped, unloadable } from './failure.ts';
import { DriverInstance, type HostFunctions } from './instance.ts';
import { checkInterface } from './interface-check.ts';
import { ReplyError } from './memory.ts';
import { capMemory, MemoryCapError } from './memory-cap.ts';
import { checkOptions, optionsOf } from './options.ts';
import type { DriverPackage } from './package.ts';
import { SCHEMA } from './schema.ts';
import { type FunctionSchema, typeAt } from './schema-types.ts';
import { type DriverState, type StateChanges, type StateReads, StateTransaction } from './state.ts';
import { type WasmModule, wasm } from './webassembly.ts';

/** What a call brought: the driver's answer, and what it put into its state, to be committed together with the plan. */
export interface Called<T> {
  readonly value: T;
  readonly changes: StateChanges;
  /** What it read of its state; missing of a call that has none. */
  readonly reads?: StateReads;
}

/** Milliseconds of wall time. Generous, since a machine that many share may leave a process waiting. */
export interface Deadlines {
  readonly first: number;
  readonly next: number;
}
export const DEADLINES: Deadlines = { first: 2000, next: 500 };

export interface DriverOptions {
  /** `none` for drivers that come with Wherry: the watch costs each call half of what the call takes. */
  readonly deadlines?: Deadlines | 'none';
  /** A line that the driver wrote for the host's diagnostics. */
  readonly onLog?: (level: LogLevel, message: string) => void;
}

/**
 * A driver that is loaded at its first call. After a call that fails by the driver's fault, the instance is dropped and
 * the next call has a new one.
 */
export class Driver {
  readonly #package: DriverPackage;
  readonly #state: () => DriverState;
  readonly #deadlines: Deadlines | 'none';
  readonly #onLog: DriverOptions['onLog'];
  #module: WasmModule | undefined;
  #instance: DriverInstance | undefined;
  #transaction: StateTransaction | undefined;
  #lastWords: string | undefined;

  constructor(source: DriverPackage, state: () => DriverState, options: DriverOptions = {}) {
    this.#package = source;
    this.#state = state;
    this.#deadlines = options.deadlines ?? DEADLINES;
    this.#onLog = options.onLog;
  }

  get info(): DriverPackage['manifest']['info'] {
    return this.#package.manifest.info;
  }

  /**
   * @param name the function's, in camelCase
   * @throws WherryError `E_DRIVER_…`, naming the driver and the function
   */
  call(name: string, args: readonly unknown[]): Called<unknown> {
    const fn = SCHEMA.interfaces[this.info.kind].functions[name];
    if (fn === undefined)
      throw new Error(`the contract has no function ${name} for ${this.info.kind} drivers`);
    checkOptions(this.info, optionsOf(args));
    this.#transaction = new StateTransaction(this.#state());
    this.#lastWords = undefined;
    try {
      const value = this.#run(fn, args);
      const { changes, reads } = this.#transaction;
      return { value: this.#unwrap(fn, value), changes, reads };
    } finally {
      this.#transaction = undefined;
    }
  }

  /** Makes the instance when there is none, and drops it when it fails: half a call may have left it in any state. */
  #run(fn: FunctionSchema, args: readonly unknown[]): unknown {
    const module = this.#load();
    const answer = (): unknown => {
      this.#instance ??= new DriverInstance(
        module,
        this.info,
        SCHEMA,
        this.#host(),
        this.#package.manifest.encoding,
      );
      return this.#instance.call(fn, args);
    };
    const deadlines = this.#deadlines;
    try {
      if (deadlines === 'none') return answer();
      return withDeadline(this.#instance === undefined ? deadlines.first : deadlines.next, answer);
    } catch (error) {
      this.#instance = undefined;
      if (error instanceof DeadlineError) throw timedOut(this.info, fn.name, error.limit);
      if (error instanceof ReplyError) throw badReply(this.info, fn.name, error.message);
      throw trapped(this.info, fn.name, error, this.#lastWords);
    }
  }

  /** A result's `ok` is the value, its `err` is thrown. */
  #unwrap(fn: FunctionSchema, value: unknown): unknown {
    if (fn.result === undefined || typeAt(SCHEMA, fn.result).kind !== 'result') return value;
    const { tag, val } = value as { tag: 'ok' | 'err'; val: unknown };
    if (tag === 'ok') return val;
    const payload = val as DriverError;
    if (payload.val.message === '') throw badReply(this.info, fn.name, 'is an error without a message');
    throw answered(this.info, fn.name, payload);
  }

  #load(): WasmModule {
    if (this.#module !== undefined) return this.#module;
    try {
      const { manifest, core } = this.#package;
      const module = new wasm.Module(capMemory(core(), manifest.memoryPages));
      checkInterface(module, this.info, SCHEMA);
      this.#module = module;
      return module;
    } catch (cause) {
      if (cause instanceof MemoryCapError || (cause instanceof Error && cause.name === 'CompileError')) {
        const what = cause instanceof MemoryCapError ? cause.message : 'it is no valid WebAssembly module';
        throw unloadable(this.info, 'E_DRIVER_LOAD', what, 'Install the driver again.', cause);
      }
      throw cause;
    }
  }

  #host(): HostFunctions {
    const current = (): StateTransaction => {
      if (this.#transaction === undefined) throw new Error('the driver reached for its state outside a call');
      return this.#transaction;
    };
    return {
      log: (level: LogLevel, message: string) => {
        if (level === 'error') this.#lastWords = message;
        this.#onLog?.(level, message);
      },
      stateGet: (key: string) => current().get(key),
      statePut: (key: string, value: string) => current().put(key, value),
      stateRemove: (key: string) => current().remove(key),
      stateList: (prefix: string) => current().list(prefix),
    };
  }
}
