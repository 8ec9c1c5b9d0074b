import * as Flags from '@oclif/core/flags';
import { ContainerCommand } from '../container-command.ts';

export default class Attach extends ContainerCommand {
  static override id = 'attach';
  static override summary = 'Attach local standard input, output, and error streams to a running container';
  static override usage = '[OPTIONS] CONTAINER';
  static override examples = ['wherry attach web', 'wherry attach --no-stdin --sig-proxy=false web'];
  static override arity = { min: 1, max: 1 };
  static override completes = 'running' as const;
  static override flags = {
    'detach-keys': Flags.string({
      helpValue: 'string',
      summary: 'Override the key sequence for detaching a container',
    }),
    'no-stdin': Flags.boolean({ summary: 'Do not attach STDIN' }),
    'sig-proxy': Flags.boolean({
      default: true,
      summary: 'Proxy all received signals to the process (default true)',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Attach.flags);
    const { containers } = await this.engine();
    return this.become(
      await containers.prepareAttach(args[0] ?? '', {
        stdin: !flags['no-stdin'],
        sigProxy: flags['sig-proxy'],
        detachKeys: flags['detach-keys'],
      }),
    );
  }
}
