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
    const { images } = await this.engine();
    await images.tag(source, target);
  }
}
