import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../base-command.ts';
import { forEachNamed } from '../each.ts';
import { reportError } from '../error-report.ts';
import { REFUSED_BY_RM, refusedFlags, refuseFlags } from '../flags/refused.ts';
import { print } from '../terminal/output.ts';

export default class Rm extends BaseCommand {
  static override id = 'rm';
  static override summary = 'Remove one or more containers';
  static override usage = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override examples = ['wherry rm web', 'wherry rm -f -v web'];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'containers' as const;
  static override flags = {
    ...refusedFlags(REFUSED_BY_RM),
    force: Flags.boolean({ char: 'f', summary: 'Force the removal of a running container (uses SIGKILL)' }),
    volumes: Flags.boolean({ char: 'v', summary: 'Remove anonymous volumes associated with the container' }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(Rm.flags);
    refuseFlags(flags, REFUSED_BY_RM);
    const { containers } = await this.engine();
    return forEachNamed(args, this.options, async (name) => {
      try {
        await containers.remove(name, { force: flags.force, volumes: flags.volumes });
      } catch (error) {
        // With -f it is told, and no failure, as in Docker.
        const gone = error instanceof WherryError && error.code === 'E_CONTAINER_NOT_FOUND';
        if (!flags.force || !gone) throw error;
        reportError(error, this.options);
        return;
      }
      print(name);
    });
  }
}
