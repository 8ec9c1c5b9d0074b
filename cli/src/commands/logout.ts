import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { print } from '../terminal/output.ts';

export default class Logout extends BaseCommand {
  static override id = 'logout';
  static override summary = 'Log out from a registry (default is Docker Hub)';
  static override usage = '[SERVER]';
  static override examples = ['wherry logout ghcr.io'];
  static override arity = { min: 0, max: 1 };
  static override flags = {
    authfile: Flags.string({
      helpValue: 'string',
      summary: 'File that keeps the credentials (default $REGISTRY_AUTH_FILE, or ~/.docker/config.json)',
    }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Logout.flags);
    const { logOut, serverName, serverOf } = await import('@wherry/core/registries');
    const server = serverOf(args[0]);
    print(`Removing login credentials for ${serverName(server)}`);
    await logOut(server, { env: process.env, authFile: flags.authfile });
  }
}
