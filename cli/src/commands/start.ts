import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { ContainerCommand } from '../container-command.ts';
import { forEachNamed } from '../each.ts';
import { REFUSED_BY_START, refusedFlags, refuseFlags } from '../flags/refused.ts';
import { print } from '../terminal/output.ts';

export default class Start extends ContainerCommand {
  static override id = 'start';
  static override summary = 'Start one or more stopped containers';
  static override usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override examples = ['wherry start web', 'wherry start -ai shell'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'stopped' as const;
  static override flags = {
    ...refusedFlags(REFUSED_BY_START),
    attach: Flags.boolean({ char: 'a', summary: 'Attach STDOUT/STDERR and forward signals' }),
    'detach-keys': Flags.string({
      helpValue: 'string',
      summary: 'Override the key sequence for detaching a container',
    }),
    interactive: Flags.boolean({ char: 'i', summary: "Attach container's STDIN" }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(Start.flags);
    refuseFlags(flags, REFUSED_BY_START);
    const { containers } = await this.engine();
    if (!flags.attach && !flags.interactive) {
      return forEachNamed(args, this.options, async (name) => {
        await containers.start(containers.find(name)).catch(passOverRunning);
        print(name);
      });
    }
    const [name = '', ...others] = args;
    if (others.length > 0) {
      throw new WherryError('you cannot start and attach multiple containers at once', {
        code: 'E_USAGE',
        hint: 'Name one container, or leave out -a and -i.',
      });
    }
    const keys = flags['detach-keys'];
    const detachKeys = keys === undefined ? {} : { detachKeys: keys };
    const attach = { stdin: flags.interactive, stdout: true, stderr: true };
    const handover =
      (await containers
        .prepareStart(containers.find(name), { attach, ...detachKeys })
        .catch(passOverRunning)
        .catch(asFailure)) ??
      (await containers.prepareAttach(name, { stdin: flags.interactive, sigProxy: true, ...detachKeys }));
    return this.become(handover);
  }
}

/** As in Docker, whatever keeps it from being started: any other status is the container's own. */
function asFailure(error: unknown): never {
  if (!(error instanceof WherryError)) throw error;
  const { message, code, hint, cause } = error;
  throw new WherryError(message, { code, hint, cause });
}

/** To start what runs is no failure, as in Docker. */
function passOverRunning(error: unknown): undefined {
  if (!(error instanceof WherryError) || error.code !== 'E_CONTAINER_RUNNING') throw error;
}
