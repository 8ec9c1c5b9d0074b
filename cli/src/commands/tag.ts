import { WherryError } from '@wherry/core/errors';
import { parseReference } from '@wherry/core/reference';
import { BaseCommand } from '../base-command.ts';

export default class Tag extends BaseCommand {
  static override id = 'tag';
  static override summary = 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE';
  static override usage = 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]';
  static override examples = ['wherry tag debian registry.lan:5000/debian:12'];
  static override arity = { min: 2, max: 2 };
  static override completes = 'images' as const;

  override async run(): Promise<undefined> {
    const { args } = this.read(Tag.flags);
    const [source = '', target = ''] = args;
    for (const name of args) checkName(name);
    const { images } = await this.engine();
    await images.tag(source, target);
  }
}

/** In the words of Docker's client. @throws WherryError `E_INVALID_REFERENCE` */
function checkName(name: string): void {
  try {
    // An id in full is no name, and may be tagged all the same.
    if (!/^[0-9a-f]{64}$/.test(name)) parseReference(name);
  } catch (error) {
    if (!(error instanceof WherryError)) throw error;
    throw new WherryError(
      `Error parsing reference: "${name}" is not a valid repository/tag: ${error.message}`,
      { code: error.code, hint: error.hint, exitCode: error.exitCode, cause: error },
    );
  }
}
