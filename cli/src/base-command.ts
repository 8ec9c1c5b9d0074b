import { Command } from '@oclif/core/command';
import type { FlagInput, InferredFlags } from '@oclif/core/interfaces';
import { diagnose } from './diagnostics.ts';
import { type EngineHandle, openEngine } from './engine.ts';
import { checkArity } from './flags/arity.ts';
import { type GlobalOptions, globalFlags, withGlobalFlags } from './flags/global.ts';
import { parseFlags } from './flags/parse.ts';
import type { Front } from './front.ts';
import { HelpRequest } from './help-request.ts';
import { oclifConfig } from './oclif-config.ts';

/** What a command class says of itself; parsing, help and completion are made of it. */
export interface CommandClass {
  new (argv: string[], context: CommandContext): BaseCommand;
  readonly id: string;
  /** Docker's other words for it: `container run`, `image ls`. */
  readonly aliases: string[];
  readonly summary: string | undefined;
  /** What follows the name: `[OPTIONS] IMAGE [COMMAND] [ARG...]`. */
  readonly usage: string | string[] | undefined;
  /** Whole command lines, for the help. */
  readonly examples: Command.Example[];
  readonly flags: FlagInput;
  readonly arity: Arity;
  readonly interspersed: boolean;
  readonly completes: Completes;
}

/** How many positional words a command takes. */
export interface Arity {
  readonly min: number;
  readonly max: number;
}

/** What the positional words name, for shell completion. */
export type Completes =
  | 'containers'
  | 'running'
  | 'stopped'
  | 'images'
  | 'image'
  | 'networks'
  | 'volumes'
  | 'plugins'
  | 'commands'
  | 'shells'
  | 'nothing';

/** What the global flags said, as far as they have been read; the caller reports errors by it. */
export interface Session {
  options: GlobalOptions;
  readonly front: Front | undefined;
  /** It did what it seldom does, as `run` when it pulls: what V8 compiled for that, others needn't read each time. */
  unusual?: boolean;
}

/** What surrounds one command. */
export interface CommandContext {
  /** The words it was called by: `run`, `container run`. */
  readonly called: string;
  readonly session: Session;
  /** Keeps what V8 compiled; to be called before the process becomes the launcher. */
  readonly saveCodeCache: () => void;
}

/** oclif's command, with flags read as Docker reads them and the engine opened when it is first asked for. */
export abstract class BaseCommand extends Command {
  static override baseFlags: FlagInput = globalFlags;
  static override flags: FlagInput = {};
  static arity: Arity = { min: 0, max: 0 };
  /** False where flags end at the first positional word. */
  static interspersed = true;
  static completes: Completes = 'nothing';

  readonly context: CommandContext;
  #engine: EngineHandle | undefined;

  constructor(argv: string[], context: CommandContext) {
    super(argv, oclifConfig);
    this.context = context;
  }

  abstract override run(): Promise<number | undefined>;

  /** Runs it to its exit status. */
  async execute(): Promise<number> {
    try {
      const status: unknown = await this._run();
      return typeof status === 'number' ? status : 0;
    } finally {
      // The process is about to end, and its connection to the database with it.
      this.#engine?.leave();
    }
  }

  /**
   * Flags and positional words. `flags` must be the class's own `static flags`, which gives them their types.
   *
   * @throws WherryError `E_USAGE`
   * @throws HelpRequest
   */
  protected read<T extends FlagInput>(
    flags: T,
  ): { readonly flags: InferredFlags<T>; readonly args: string[] } {
    const { arity, interspersed } = this.constructor as unknown as CommandClass;
    const command = this.context.called;
    const parsed = parseFlags({
      command,
      argv: this.argv,
      flags: { ...flags, ...globalFlags },
      interspersed,
    });
    this.parsed = true;
    if (parsed.flags.help === true) throw new HelpRequest();
    this.context.session.options = withGlobalFlags(this.options, parsed.flags);
    checkArity(command, arity, parsed.positionals);
    return { flags: parsed.flags as InferredFlags<T>, args: parsed.positionals };
  }

  protected get options(): GlobalOptions {
    return this.context.session.options;
  }

  protected async engine(): Promise<EngineHandle> {
    if (this.#engine === undefined) {
      const before = Date.now();
      this.#engine = await openEngine(this.context.session);
      const ms = Date.now() - before;
      await diagnose(this.options, 'debug', 'state opened', { command: this.context.called, ms });
    }
    return this.#engine;
  }

  /** oclif announces deprecations here, out of a configuration that isn't loaded. */
  protected override async init(): Promise<void> {}

  /** Errors are reported in one place, by the caller. */
  protected override async catch(error: Error): Promise<never> {
    throw error;
  }
}
