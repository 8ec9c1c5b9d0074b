const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/u;

/** Rows of tab-separated cells as Go's tabwriter lays them out for Docker: at least 10 wide, 3 spaces between. */
export function layOut(rows: readonly string[]): string {
  const cells = rows.map((row) => row.split('\t'));
  const widths: number[] = [];
  for (const row of cells) {
    // The last cell of a row ends the line: it has no column of its own to widen.
    row.slice(0, -1).forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? MINIMUM, columns(cell) + PADDING);
    });
  }
  return cells
    .map((row) =>
      row.map((cell, index) => (index === row.length - 1 ? cell : pad(cell, widths[index] ?? 0))).join(''),
    )
    .join('\n');
}

const MINIMUM = 10;
const PADDING = 3;

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - columns(cell)));
}

function columns(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}
