import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { infoFields, infoText } from '../format/info.ts';
import { FORMAT_SUMMARY, renderOne } from '../format/one.ts';
import { print, printError } from '../terminal/output.ts';

export default class Info extends BaseCommand {
  static override id = 'info';
  static override summary = 'Display system-wide information';
  static override usage = '[OPTIONS]';
  static override examples = ['wherry info', "wherry info --format '{{.Driver}}'"];
  static override flags = {
    format: Flags.string({ char: 'f', helpValue: 'string', summary: FORMAT_SUMMARY }),
  };

  override async run(): Promise<undefined> {
    const { flags } = this.read(Info.flags);
    const engine = await this.engine();
    const info = await engine.info();
    if (flags.format !== undefined) {
      print(await renderOne(flags.format, infoFields(info)));
      return;
    }
    print(infoText(info));
    for (const warning of info.warnings) printError(`WARNING: ${warning}`);
  }
}
