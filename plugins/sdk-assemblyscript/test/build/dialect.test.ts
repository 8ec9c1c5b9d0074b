import { describe, expect, test } from 'vitest';
import { toAssemblyScript } from '../../src/build/dialect.ts';

describe('toAssemblyScript', () => {
  test('takes the comma after the last item away', () => {
    expect(toAssemblyScript('f({ a: [1, 2,\n], })')).toBe('f({ a: [1, 2 \n]  })');
  });

  test('takes the word type out of imports', () => {
    expect(toAssemblyScript("import { type A, b } from './x.ts';")).toBe(
      "import {      A, b } from './x.ts';",
    );
    expect(toAssemblyScript("import type { A } from './x.ts';")).toBe("import      { A } from './x.ts';");
  });

  test('looks past comments', () => {
    expect(toAssemblyScript('[1, // one,\n]')).toBe('[1  // one,\n]');
  });

  test('leaves literals and everything else alone', () => {
    for (const source of [
      'f(\',]\', ",}", `,)`)',
      'type A = string;',
      "f(a, '')",
      'class T { type: string; }',
    ]) {
      expect(toAssemblyScript(source)).toBe(source);
    }
  });

  test('keeps every position', () => {
    const source = "import type { A } from 'x';\nconst a = [1,];\n";
    expect(toAssemblyScript(source)).toHaveLength(source.length);
  });
});
