import type { ImageContent, ImageSummary, Images } from '@wherry/core/api';
import { humanSize, shortId } from './units.ts';

/** An image with the names that are shown of it. */
export interface TreeImage extends ImageContent {
  /** `repository:tag`; none for a dangling one. */
  readonly names: readonly string[];
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly right: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'ID', width: 12, right: false },
  { title: 'DISK USAGE', width: 10, right: true },
  { title: 'CONTENT SIZE', width: 12, right: true },
  { title: 'EXTRA', width: 5, right: false },
];
const GAP = '   ';
/** With less than this for names, columns are left out from the right. */
const LEAST_NAME = 12;
const WARNING =
  "WARNING: This is an experimental feature. The output may change and shouldn't be depended on.";
const LEGEND = 'Info → U In Use';

/** The tree of what a list shows, an entry for each image. @param width of the terminal in columns */
export async function imageTree(
  images: Pick<Images, 'contents'>,
  lines: readonly ImageSummary[],
  width: number,
): Promise<string> {
  const byId = Map.groupBy(lines, ({ id }) => id);
  const contents = await images.contents([...byId.keys()]);
  const named = contents.map((each) => ({
    ...each,
    names: (byId.get(each.id) ?? [])
      .filter(({ tag }) => tag !== '<none>')
      .map(({ repository, tag }) => `${repository}:${tag}`),
  }));
  return renderTree(named, width);
}

/**
 * `docker images --tree`: each image with its names, and below it the platform that is here. Content is what came from the registry,
 * compressed; disk usage has the unpacked files, too.
 * @param width of the terminal in columns
 */
export function renderTree(images: readonly TreeImage[], width: number): string {
  let name = width;
  let count = 0;
  for (const column of COLUMNS) {
    if (name - column.width - GAP.length < LEAST_NAME) break;
    name -= column.width + GAP.length;
    count += 1;
  }
  const rows = images.flatMap(rowsOf);
  const widest = Math.max('IMAGE'.length, ...rows.map(([first = '']) => first.length));
  const all = [{ title: 'IMAGE', width: Math.min(name, widest), right: false }, ...COLUMNS.slice(0, count)];
  const line = (cells: readonly string[]): string =>
    cells.length === 0
      ? ''
      : all
          .slice(0, cells.length)
          .map((column, index) => place(cells[index] ?? '', column))
          .join(GAP)
          .trimEnd();
  const titles = all.map(({ title }) => title);
  return [WARNING, '', LEGEND.padStart(width), ...[titles, ...rows].map(line)].join('\n');
}

/** An empty line parts an image from the next one. */
function rowsOf({ names, id, platform, manifest, unpacked, blobs, inUse }: TreeImage): (readonly string[])[] {
  const sizes = [humanSize(unpacked + blobs), humanSize(blobs), inUse ? 'U' : ''];
  const last = names.at(-1) ?? '<untagged>';
  return [
    ...names.slice(0, -1).map((name) => [name]),
    [last, shortId(id), ...sizes],
    [`└─ ${platform}`, shortId(manifest), ...sizes],
    [],
  ];
}

function place(text: string, { width, right }: Column): string {
  const cut = text.length > width ? `${text.slice(0, Math.max(0, width - 3))}...` : text;
  return right ? cut.padStart(width) : cut.padEnd(width);
}
