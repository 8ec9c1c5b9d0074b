import { expect, test } from 'vitest';
import { RelayQueue } from '../../../src/log/relay/queue.ts';

const taken = (queue: RelayQueue): string[] => {
  const all: string[] = [];
  for (let bytes = queue.take(); bytes !== undefined; bytes = queue.take()) all.push(bytes.toString());
  return all;
};
const filled = (limit: number, ...chunks: string[]): RelayQueue => {
  const queue = new RelayQueue(limit);
  for (const chunk of chunks) queue.push(Buffer.from(chunk));
  return queue;
};

test('what comes in goes out, in order', () => {
  const queue = filled(100, 'a\nb', 'c\n');
  expect(taken(queue)).toEqual(['a\nb', 'c\n']);
  expect(queue).toMatchObject({ empty: true, dropped: 0 });
});

test('past the limit the oldest go, with the rest of a message whose beginning they had', () => {
  const queue = filled(8, 'a\nbcd', 'e\nf', 'g\n');
  expect(taken(queue)).toEqual(['f', 'g\n']);
  expect(queue.dropped).toBe('a\nbcde\n'.length);
});

test('a new connection begins with a whole message', () => {
  const queue = filled(100, 'a\nb', 'c\nd\n', 'e\n');
  expect(queue.take()?.toString()).toBe('a\nb');
  queue.broken();
  expect(taken(queue)).toEqual(['d\n', 'e\n']);
  queue.broken();
  queue.push(Buffer.from('f\n'));
  expect(taken(queue)).toEqual(['f\n']);
});

test('a torn message may be longer than a chunk', () => {
  const queue = filled(100, 'a', 'b', 'c\n', 'd\n');
  expect(queue.take()?.toString()).toBe('a');
  queue.broken();
  expect(taken(queue)).toEqual(['d\n']);
});
