import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../src/image/history.ts';

const config = (history: readonly object[]) => JSON.stringify({ created: '2024-01-01T00:00:00Z', history });

describe('the history of an image', () => {
  it('is newest first, and sizes go to the steps that made a layer', () => {
    const steps = [
      { created: '2023-01-01T00:00:00Z', created_by: 'ADD /' },
      { created: '2023-01-02T00:00:00Z', created_by: 'CMD sh', empty_layer: true },
      { created: '2023-01-03T00:00:00Z', created_by: 'COPY a', comment: 'new' },
    ];
    expect(parseHistory(config(steps), [100, 20]).map((each) => [each.createdBy, each.size])).toEqual([
      ['COPY a', 20],
      ['CMD sh', 0],
      ['ADD /', 100],
    ]);
  });

  it('shows layers that it does not tell of', () => {
    expect(parseHistory(config([]), [7])).toEqual([
      { id: undefined, created: '2024-01-01T00:00:00Z', createdBy: '', comment: '', size: 7 },
    ]);
  });
});
