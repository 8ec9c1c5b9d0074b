import type { Series } from './sample.ts';

/** Median of a non-empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** A Markdown table of one comparison: minimum and median in ms, and the ratio of medians to the named peer. */
export function table(title: string, series: readonly Series[], peer: string): string {
  const base = series.find((one) => one.subject === peer);
  const baseMedian = base && base.milliseconds.length > 0 ? median(base.milliseconds) : undefined;
  const rows = series.map(({ subject, milliseconds }) => {
    const middle = median(milliseconds);
    const ratio = baseMedian === undefined ? '–' : (middle / baseMedian).toFixed(2);
    return `| ${subject} | ${Math.min(...milliseconds).toFixed(1)} | ${middle.toFixed(1)} | ${ratio} |`;
  });
  return [
    `### ${title}`,
    '',
    `| | min ms | median ms | × ${peer} |`,
    '| --- | ---: | ---: | ---: |',
    ...rows,
    '',
  ].join('\n');
}
