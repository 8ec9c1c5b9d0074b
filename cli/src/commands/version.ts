import * as Flags from '@oclif/core/flags';
import { kernelRelease } from '@wherry/core/host';
import { BaseCommand } from '../base-command.ts';
import { FORMAT_SUMMARY, renderOne } from '../format/one.ts';
import { print } from '../terminal/output.ts';
import { VERSION } from '../version.ts';

const GO_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export default class Version extends BaseCommand {
  static override id = 'version';
  static override summary = 'Show the Wherry version information';
  static override usage = '[OPTIONS]';
  static override examples = ['wherry version', "wherry version --format '{{.Client.Version}}'"];
  static override flags = {
    format: Flags.string({ char: 'f', helpValue: 'string', summary: FORMAT_SUMMARY }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(Version.flags);
    const architecture = GO_ARCH[process.arch] ?? process.arch;
    // Docker tells client and server apart; here they are one program, and scripts that ask for either get an answer.
    const both = { Version: VERSION, NodeVersion: process.version, Os: 'linux', Arch: architecture };
    if (flags.format !== undefined) {
      const data = { Client: both, Server: { ...both, KernelVersion: kernelRelease() } };
      print(await renderOne(flags.format, data));
      return;
    }
    print(
      [
        'Client:',
        ` Version:           ${VERSION}`,
        ` Node.js version:   ${process.versions.node}`,
        ` OS/Arch:           linux/${architecture}`,
        '',
        'Server: Wherry, in the client (no daemon)',
        ` Version:           ${VERSION}`,
        ` Kernel version:    ${kernelRelease()}`,
      ].join('\n'),
    );
  }
}
