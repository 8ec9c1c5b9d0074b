import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import { BaseCommand } from '../base-command.ts';
import type { EngineHandle } from '../engine.ts';
import { FORMAT_SUMMARY } from '../format/one.ts';
import { type Fields, inspectObjects, mayShow } from '../inspect/objects.ts';

const TYPES = ['container', 'image', 'volume', 'network'] as const;
type Type = (typeof TYPES)[number];

/** What a name stands for, looked for in Docker's order. */
export default class Inspect extends BaseCommand {
  static override id = 'inspect';
  static override summary = 'Return low-level information on Wherry objects';
  static override usage = '[OPTIONS] NAME|ID [NAME|ID...]';
  static override examples = [
    'wherry inspect web',
    "wherry inspect -f '{{.State.Status}} {{.State.ExitCode}}' web",
    'wherry inspect --type image debian',
  ];
  static override arity = { min: 1, max: Number.POSITIVE_INFINITY };
  static override completes = 'containers' as const;
  static override flags = {
    format: Flags.string({ char: 'f', helpValue: 'string', summary: FORMAT_SUMMARY }),
    size: Flags.boolean({ char: 's', summary: 'Display total file sizes if the type is container' }),
    type: Flags.string({
      helpValue: 'string',
      summary: 'Only inspect objects of the given type',
    }),
  };

  override async run(): Promise<number> {
    const { flags, args } = this.read(Inspect.flags);
    const { format, size } = flags;
    const type = askedType(flags.type);
    const engine = await this.engine();
    const wanted = { size, trees: mayShow(format, 'GraphDriver') };
    return inspectObjects(args, format, this.options, (name) =>
      lookUp(engine, type === undefined ? TYPES : [type], name, wanted),
    );
  }
}

/** What takes time to find out. */
interface Wanted {
  readonly size: boolean;
  readonly trees: boolean;
}

/** @throws WherryError `E_OPTION` in Docker's words */
function askedType(text: string | undefined): Type | undefined {
  const type = TYPES.find((each) => each === text);
  if (text === undefined || type !== undefined) return type;
  const choice = `must be one of ${TYPES.map((each) => JSON.stringify(each)).join(', ')}`;
  throw new WherryError(text === '' ? `type is empty: ${choice}` : `unknown type: "${text}": ${choice}`, {
    code: 'E_OPTION',
    hint: 'Leave --type out to have the name looked for among all of them.',
  });
}

async function lookUp(
  engine: EngineHandle,
  types: readonly Type[],
  name: string,
  wanted: Wanted,
): Promise<Fields> {
  let missing: WherryError | undefined;
  for (const type of types) {
    try {
      return await LOOK_UP[type](engine, name, wanted);
    } catch (error) {
      if (!(error instanceof WherryError) || !NOT_THERE.test(error.code)) throw error;
      missing = error;
    }
  }
  if (types.length === 1 && missing !== undefined) throw missing;
  throw new WherryError(`No such object: ${name}`, {
    code: 'E_OBJECT_NOT_FOUND',
    hint: 'wherry ps -a, images, volume ls and network ls   list what there is.',
  });
}

const NOT_THERE = /^E_(\w+_NOT_FOUND|INVALID_REFERENCE|VOLUME_NAME)$/;

const LOOK_UP: Readonly<
  Record<Type, (engine: EngineHandle, name: string, wanted: Wanted) => Promise<Fields> | Fields>
> = {
  container: ({ containers }, name, { size }) => containers.inspect(name, { size }),
  image: ({ images }, name, { trees }) => images.inspect(name, { trees }),
  volume: async ({ volumes }, name) => {
    const { inspectedVolume } = await import('../format/volumes.ts');
    return inspectedVolume(await volumes.find(name));
  },
  network: async ({ networks }, name) => ({ ...(await networks.inspect(name)) }),
};
