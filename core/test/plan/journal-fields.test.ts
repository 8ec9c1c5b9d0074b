import { expect, test } from 'vitest';
import { checkJournalFields } from '../../src/plan/check.ts';

const asker = { kind: 'log', driver: 'odd', request: 'read' } as const;

test('fields as the journal names them pass', () => {
  const fields = [{ key: 'CONTAINER_ID_FULL', value: 'any = text' }];
  expect(checkJournalFields(asker, fields)).toBe(fields);
});

test.each([
  [[], /names no field/],
  [[{ key: '--file', value: '/etc/shadow' }], /no name of a field/],
  [[{ key: '', value: '' }], /no name of a field/],
  [[{ key: 'A', value: 'x\0y' }], /NUL/],
])('%j is refused', (fields, reason) => {
  expect(() => checkJournalFields(asker, fields)).toThrowError(
    expect.objectContaining({ code: 'E_PLAN_REFUSED', message: expect.stringMatching(reason) }),
  );
});
