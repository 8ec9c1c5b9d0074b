import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type Chunk, joinChunks } from '../../../scripts/bundle-chunks.ts';

type Wrapper = (exports: object, require: (name: string) => unknown) => void;

/** Runs the script as dist/main.cjs does. */
function run(chunks: readonly Chunk[], required: Record<string, unknown> = {}): Record<string, unknown> {
  const exports: Record<string, unknown> = {};
  const wrapper = new Script(joinChunks(chunks, 'main.js')).runInThisContext() as Wrapper;
  wrapper(exports, (name) => required[name]);
  return exports;
}

describe('modules joined to one script', () => {
  test('have what they import by its names, from the entry on', () => {
    const { answer } = run([
      { name: 'chunk-A.js', text: 'var a=20,b=()=>1;export{a,b as c};\n' },
      {
        name: 'main.js',
        text: 'import{a as x,c}from"./chunk-A.js";import"./chunk-A.js";var y=x*2+2*c();export{y as answer};\n',
      },
    ]);
    expect(answer).toBe(42);
  });

  test('run once, and not before they are asked for', async () => {
    const log: string[] = [];
    Object.assign(globalThis, { joined: log });
    const { later } = run([
      { name: 'late-B.js', text: 'joined.push("late");var z=1;export{z as default};\n' },
      { name: 'main.js', text: 'var l=()=>import("./late-B.js");joined.push("main");export{l as later};\n' },
    ]);
    const load = later as () => Promise<{ default: number }>;
    expect(log).toEqual(['main']);
    expect((await load()).default).toBe(1);
    await load();
    expect(log).toEqual(['main', 'late']);
  });

  test('have packages that lie beside them', () => {
    const { got } = run([{ name: 'main.js', text: 'import p from"./vendor/p.cjs";export{p as got};\n' }], {
      './vendor/p.cjs': 7,
    });
    expect(got).toBe(7);
  });

  test('may not import each other in a circle', () => {
    const circle = [
      { name: 'chunk-A.js', text: 'import{b}from"./main.js";var a=b;export{a};\n' },
      { name: 'main.js', text: 'import{a}from"./chunk-A.js";var b=a;export{b};\n' },
    ];
    expect(() => joinChunks(circle, 'main.js')).toThrow('chunk-A.js → main.js → chunk-A.js');
  });

  test('are refused when a statement of modules is left', () => {
    const late = [{ name: 'main.js', text: 'var a=1;import b from"./vendor/p.cjs";export{a};\n' }];
    expect(() => joinChunks(late, 'main.js')).toThrow(SyntaxError);
  });
});
