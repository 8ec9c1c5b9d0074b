const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/u;

const PLAIN = /^[\x20-\x7e]*$/;

/** Rows of tab-separated cells as Go's tabwriter lays them out for Docker: at least 10 wide, 3 spaces between. */
export function layOut(rows: readonly string[]): string {
  return layOutCells(rows.map((row) => row.split('\t')));
}

/** The same for cells without tabs, of another least width where that is asked for. Plain loops: a thousand rows pass here once, before any of it is compiled. */
export function layOutCells(rows: readonly (readonly string[])[], minimum = MINIMUM): string {
  // Asked once of all, and mostly so: a question for each cell takes longer than all else here.
  const measure = PLAIN.test(rows.join()) ? lengthOf : columns;
  const widths: number[] = [];
  for (const row of rows) {
    // The last cell of a row ends the line: it has no column of its own to widen.
    for (let index = 0; index < row.length - 1; index += 1) {
      const width = measure(row[index] ?? '') + PADDING;
      if (width > (widths[index] ?? minimum)) widths[index] = width;
    }
  }
  const lines: string[] = [];
  for (const row of rows) {
    let text = '';
    for (let index = 0; index < row.length - 1; index += 1) {
      const cell = row[index] ?? '';
      text += cell.padEnd((widths[index] ?? minimum) - measure(cell) + cell.length);
    }
    lines.push(text + (row[row.length - 1] ?? ''));
  }
  return lines.join('\n');
}

const MINIMUM = 10;
const PADDING = 3;

const lengthOf = (text: string): number => text.length;

/** How many columns of a terminal a text takes. */
function columns(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}
