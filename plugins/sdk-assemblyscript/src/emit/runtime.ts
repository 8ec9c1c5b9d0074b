/**
 * What every glue module begins with, in AssemblyScript. Memory is reclaimed by a full collection in each post-return, when
 * nothing but the driver's own globals is live, so values need no pinning while a call goes on.
 *
 * A string that the host writes gets the header of an AssemblyScript string (alignment 2), so it needs no copying.
 */
export const RUNTIME = `
export function reallocate(old: usize, oldSize: usize, align: usize, size: usize): usize {
  const made = align == 2 ? __new(size, idof<string>()) : __new(size, idof<ArrayBuffer>());
  if (old != 0) memory.copy(made, old, min(oldSize, size));
  return made;
}

export function allocate(size: usize): usize {
  return __new(size, idof<ArrayBuffer>());
}

function liftString(p: usize, length: u32): string {
  if (length == 0) return '';
  const text = changetype<string>(p);
  return text.length == length ? text : String.UTF16.decodeUnsafe(p, length << 1);
}

function caseIndex(cases: StaticArray<string>, name: string, type: string): i32 {
  for (let i = 0; i < cases.length; i++) if (unchecked(cases[i]) == name) return i;
  throw new Error('"' + name + '" is no case of ' + type);
}
`;
