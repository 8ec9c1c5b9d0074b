import { endianness } from 'node:os';
import { WherryError } from '../errors/error.ts';

/** What an image is for (OCI image specification, "platform"). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** Go's names of architectures, by Node's. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  arm64: 'arm64',
  arm: 'arm',
  riscv64: 'riscv64',
  s390x: 's390x',
  ppc64: 'ppc64',
  loong64: 'loong64',
  mips64el: 'mips64le',
};

/** Other names that people use, as containerd takes them. */
const ALIASES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  i386: ['386'],
  i686: ['386'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

/** The machine's own platform. */
export function ownPlatform(): Platform {
  const { arch } = process;
  const architecture = arch === 'ppc64' && endianness() === 'LE' ? 'ppc64le' : (ARCHITECTURES[arch] ?? arch);
  return normalise({ os: 'linux', architecture });
}

/**
 * Parses `os/arch[/variant]`, or `arch[/variant]` alone.
 * @throws WherryError `E_INVALID_PLATFORM`
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const [os, architecture, variant] = parts[0] === 'linux' ? parts : ['linux', ...parts];
  if (
    architecture === undefined ||
    parts.length > (parts[0] === 'linux' ? 3 : 2) ||
    parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))
  ) {
    throw new WherryError(`"${text}" is not a platform that Linux containers run on.`, {
      code: 'E_INVALID_PLATFORM',
      hint: 'Write it as OS/ARCH[/VARIANT], such as linux/amd64 or linux/arm64/v8.',
    });
  }
  return normalise({ os: os ?? 'linux', architecture, ...(variant === undefined ? {} : { variant }) });
}

/** With the variant written out where an architecture has a usual one (containerd's `platforms.Normalize`). */
export function normalise({ os, architecture, variant }: Platform): Platform {
  const [name = architecture, implied] = ALIASES[architecture] ?? [];
  const given = variant === '' ? implied : (variant ?? implied);
  const usual = name === 'arm64' ? '8' : name === 'arm' ? '7' : undefined;
  const bare = (given ?? usual)?.replace(/^v/, '');
  // Images for amd64 without a variant are those of v1.
  const written = name === 'amd64' && bare === '1' ? undefined : bare;
  return { os, architecture: name, ...(written === undefined ? {} : { variant: `v${written}` }) };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}

/**
 * The best of several for a wanted platform, as containerd matches: the same architecture in the highest variant that is not above
 * the wanted one, else, unless `strict`, the 32-bit one that its processors run as well.
 */
export function selectPlatform<Item>(
  wanted: Platform,
  items: readonly Item[],
  platformOf: (item: Item) => Platform | undefined,
  strict: boolean,
): Item | undefined {
  let best: { item: Item; score: number } | undefined;
  for (const item of items) {
    const platform = platformOf(item);
    if (platform === undefined) continue;
    const score = suitability(normalise(wanted), normalise(platform), strict);
    if (score !== undefined && (best === undefined || score > best.score)) best = { item, score };
  }
  return best?.item;
}

/** @param text `os/arch[/variant]` @throws WherryError `E_PLATFORM_NOT_FOUND` for an image of another platform, `E_INVALID_PLATFORM` */
export function requirePlatform(text: string, name: string, platform: Platform): void {
  const wanted = parsePlatform(text);
  if (selectPlatform(wanted, [platform], (each) => each, true) !== undefined) return;
  throw new WherryError(
    `image with reference ${name} was found but does not provide the specified platform (${formatPlatform(wanted)}); it is for ${formatPlatform(platform)}.`,
    {
      code: 'E_PLATFORM_NOT_FOUND',
      hint: `Fetch that one with wherry pull --platform ${formatPlatform(wanted)} ${name}, or leave the platform out.`,
      exitCode: 1,
    },
  );
}

const THIRTY_TWO_BIT: Readonly<Record<string, string>> = { amd64: '386', arm64: 'arm' };
const SAME_ARCHITECTURE = 100;

function suitability(wanted: Platform, offered: Platform, strict: boolean): number | undefined {
  if (wanted.os !== offered.os) return undefined;
  const level = variantNumber(offered);
  if (wanted.architecture === offered.architecture) {
    return level <= variantNumber(wanted) ? SAME_ARCHITECTURE + level : undefined;
  }
  return !strict && THIRTY_TWO_BIT[wanted.architecture] === offered.architecture ? level : undefined;
}

function variantNumber({ architecture, variant }: Platform): number {
  const number = Number(variant?.replace(/^v/, '') ?? (architecture === 'amd64' ? 1 : 0));
  return Number.isNaN(number) ? Number.POSITIVE_INFINITY : number;
}
