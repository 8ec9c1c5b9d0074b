import { expect, it } from 'vitest';
import { explainFailure, parseFailure } from '../../src/launcher/failure.ts';

const line = (status: number, errno: string, path: string, detail: string) =>
  `noise\nwherry-failure\tcontainer\t3\texecute\t2\t${errno}\t${status}\t${path}\t${detail}\n`;

it('reads a failure line among others', () => {
  expect(parseFailure(line(125, 'EPERM', '/a\\tb\\\\c', 'two\\nlines'))).toEqual({
    phase: 'container',
    index: 3,
    operation: 'execute',
    errno: 'EPERM',
    status: 125,
    path: '/a\tb\\c',
    detail: 'two\nlines',
  });
  expect(parseFailure('something else\n')).toBeUndefined();
});

it.each([
  [127, 'ENOENT', '', 'E_COMMAND_NOT_FOUND', /^exec: "nope": executable file not found in \$PATH/],
  [
    126,
    'EACCES',
    '',
    'E_COMMAND_NOT_EXECUTABLE',
    /^exec: "nope": it can't be executed: permission is denied\.$/,
  ],
  [125, 'ENOSPC', '', 'E_START_FAILED', /execute \/x: there is no space left, or a limit on user namespaces/],
  [125, 'EXDEV', '', 'E_START_FAILED', /execute \/x: EXDEV\.$/],
  [125, 'EPERM', 'newuidmap is not allowed', 'E_START_FAILED', /^Newuidmap is not allowed\.$/],
] as const)('status %d with %s and detail %j', (status, errno, detail, code, words) => {
  const failure = parseFailure(line(status, errno, '/x', detail));
  if (failure === undefined) throw new Error('no failure was read');
  expect(explainFailure(failure, 'nope')).toMatchObject({
    code,
    exitCode: status,
    message: expect.stringMatching(words),
  });
});
