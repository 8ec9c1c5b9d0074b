import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../base-command.ts';
import { checkText } from '../../format/check.ts';
import { FORMAT_SUMMARY, renderOne } from '../../format/one.ts';
import { interruptible } from '../../interrupt.ts';
import { print } from '../../terminal/output.ts';

export default class SystemCheck extends BaseCommand {
  static override id = 'system check';
  static override summary = 'Check images, layers, containers and volumes for damage';
  static override usage = '[OPTIONS]';
  static override examples = ['wherry system check'];
  static override flags = {
    format: Flags.string({ char: 'f', helpValue: 'string', summary: FORMAT_SUMMARY }),
    quick: Flags.boolean({ char: 'q', summary: "Don't read the content of blobs and layers" }),
    repair: Flags.boolean({ char: 'r', summary: 'Mend what can be mended, and say what is lost' }),
  };

  /** 0 when nothing is wrong, or all of it has been mended. What killed commands left is wrong with `--repair` alone. */
  override async run(): Promise<number> {
    const { flags } = this.read(SystemCheck.flags);
    const { quick, repair, format } = flags;
    const engine = await this.engine();
    const report = await interruptible((signal) => engine.check({ quick, repair, signal }));
    print(format === undefined ? checkText(report) : await renderOne(format, report));
    const left = report.faults.filter(
      ({ kind, mended }) => mended === false || (!repair && kind !== 'leftover'),
    );
    return left.length === 0 ? 0 : 1;
  }
}
