/** The order of Docker's lists by name: bytes, and numbers as such: `net2` before `net10`. */
export function byNature(a: string, b: string): number {
  const [left, right] = [piecesOf(a), piecesOf(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const [x = '', y = ''] = [left[i], right[i]];
    if (x === y) continue;
    const numbers = /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : 0;
    return numbers !== 0 ? numbers : x < y ? -1 : 1;
  }
  return left.length - right.length;
}

const piecesOf = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];
