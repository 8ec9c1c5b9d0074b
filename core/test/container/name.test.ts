import { expect, it } from 'vitest';
import { newContainerId, shortId } from '../../src/container/id.ts';
import { checkName, generateName, nameConflict } from '../../src/container/name.ts';

it.each(['web', 'a1', '0x', 'Web_1.2-3'])('takes the name %s', (name) => {
  expect(checkName(name)).toBe(name);
});

it.each(['', 'a', '-a', '.a', 'a b', 'a/b', 'ä1', 'a\n'])('refuses the name %j', (name) => {
  expect(() => checkName(name)).toThrow(expect.objectContaining({ code: 'E_CONTAINER_NAME', exitCode: 1 }));
});

it('tolerates a leading slash', () => {
  expect(checkName('/web')).toBe('web');
});

it('generates valid names that are free', () => {
  const taken = new Set<string>();
  for (let count = 0; count < 200; count += 1) {
    const name = generateName((candidate) => taken.has(candidate));
    expect(checkName(name)).toBe(name);
    expect(taken.has(name)).toBe(false);
    taken.add(name);
  }
});

it('says who has a name, as Docker does', () => {
  expect(nameConflict('web', 'abc').message).toBe(
    'Conflict. The container name "/web" is already in use by container "abc". ' +
      'You have to remove (or rename) that container to be able to reuse that name.',
  );
});

it('makes ids of 64 hexadecimal digits, of which people see twelve', () => {
  const id = newContainerId();
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(shortId(id)).toBe(id.slice(0, 12));
});
