import type { PullEvent } from '@wherry/core/api';
import { describe, expect, it } from 'vitest';
import { reporter } from '../../src/progress/reporter.ts';

const EVENTS: readonly PullEvent[] = [
  { kind: 'not-found-locally', reference: 'busybox:latest' },
  { kind: 'resolving', reference: 'library/busybox', tag: 'latest' },
  { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'waiting' },
  { kind: 'layer', id: 'bbbbbbbbbbbb', state: 'exists' },
  { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'downloading', current: 1, total: 2 },
  { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'downloading', current: 2, total: 2 },
  { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'verifying' },
  { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'extracting', current: 1, total: 2 },
  { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'extracting', current: 2, total: 2 },
  { kind: 'layer', id: 'aaaaaaaaaaaa', state: 'done' },
  { kind: 'pulled', reference: 'busybox:latest', digest: 'sha256:1234', status: 'downloaded' },
];

function play(size: { columns: number; rows: number } | undefined, events = EVENTS): string {
  let text = '';
  const progress = reporter({ write: (more) => (text += more), size: size && (() => size), now: () => 1000 });
  for (const event of events) progress.onEvent(event);
  progress.end();
  return text;
}

const ESCAPE = '␛';

/** What a terminal shows of a text with the two sequences that the board uses. */
function screen(text: string): string[] {
  const lines: string[] = [];
  let row = 0;
  for (const part of text.replaceAll('\x1b', ESCAPE).split(/(␛\[\d*[A-Z]|\n|\r)/)) {
    const up = /^␛\[(\d+)A$/.exec(part);
    if (up !== null) row -= Number(up[1]);
    else if (part === '\n') row += 1;
    else if (part === `${ESCAPE}[J`) lines.length = row;
    else if (part !== '' && part !== '\r' && part !== `${ESCAPE}[K`) lines[row] = part;
  }
  return lines;
}

describe('progress of a pull', () => {
  it('is one line a change where there is no terminal, in the words of Docker', () => {
    expect(play(undefined)).toBe(
      [
        "Unable to find image 'busybox:latest' locally",
        'latest: Pulling from library/busybox',
        'aaaaaaaaaaaa: Pulling fs layer',
        'bbbbbbbbbbbb: Already exists',
        'aaaaaaaaaaaa: Verifying Checksum',
        'aaaaaaaaaaaa: Download complete',
        'aaaaaaaaaaaa: Pull complete',
        'Digest: sha256:1234',
        'Status: Downloaded newer image for busybox:latest',
        '',
      ].join('\n'),
    );
  });

  it('leaves the same end on a terminal, with each layer once', () => {
    expect(screen(play({ columns: 80, rows: 24 }))).toEqual([
      "Unable to find image 'busybox:latest' locally",
      'latest: Pulling from library/busybox',
      'aaaaaaaaaaaa: Pull complete',
      'bbbbbbbbbbbb: Already exists',
      'Digest: sha256:1234',
      'Status: Downloaded newer image for busybox:latest',
    ]);
  });

  it('leaves every one of 40 layers behind on a screen of 24 rows', () => {
    const events = Array.from(
      { length: 40 },
      (_, index): PullEvent => ({ kind: 'layer', id: `layer${index}`, state: 'done' }),
    );
    expect(screen(play({ columns: 80, rows: 24 }, events))).toEqual(
      events.map((_, index) => `layer${index}: Pull complete`),
    );
  });

  it('says when there was nothing to do', () => {
    expect(
      play(undefined, [{ kind: 'pulled', reference: 'x:1', digest: 'sha256:1', status: 'up-to-date' }]),
    ).toContain('Status: Image is up to date for x:1\n');
  });
});
