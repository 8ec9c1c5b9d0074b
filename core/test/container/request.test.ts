import { expect, it } from 'vitest';
import type { ContainerRequest } from '../../src/api.ts';
import { settleRequest } from '../../src/container/request.ts';

/** As a caller without types may have it. */
const settle = (request: object) => () => settleRequest(request as ContainerRequest);

it('takes an image alone, and what is undefined', () => {
  expect(settleRequest({ image: 'x' })).toMatchObject({ image: 'x', command: [], tty: false });
  expect(settle({ image: 'x', command: undefined })()).toMatchObject({ command: [] });
});

it.each([
  [{}, /^The image of a container has to be a text\.$/],
  [{ image: 'x', command: 'echo hi' }, /^The command of a container has to be a list\.$/],
  [{ image: 'x', env: { A: '1' } }, /^The env .* a list\.$/],
  [{ image: 'x', user: 5 }, /^The user .* a text\.$/],
  [{ image: 'x', stopTimeout: '5' }, /^The stopTimeout .* a number\.$/],
  [{ image: 'x', tty: 'no' }, /^The tty .* true or false\.$/],
  [{ image: 'x', comand: [] }, /^A request for a container has no field comand\.$/],
  [{ image: 'x', toString: 1 }, /has no field toString\.$/],
])('refuses %j', (request, sentence) => {
  expect(settle(request)).toThrow(sentence);
});

it('says how that is written which Docker and its command line call otherwise', () => {
  expect(settle({ image: 'x', volumes: ['data:/data'] })).toThrow(
    expect.objectContaining({
      code: 'E_OPTION',
      hint: "It is written mounts: [parseVolumeFlag('data:/data')].",
    }),
  );
});
