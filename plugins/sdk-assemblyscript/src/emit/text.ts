/** Lines of a doc comment as a TSDoc block, `''` for none. */
export function docBlock(doc: readonly string[], indent = ''): string {
  const [first] = doc;
  if (first === undefined) return '';
  if (doc.length === 1) return `${indent}/** ${first} */\n`;
  return [`${indent}/**`, ...doc.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */\n`].join('\n');
}
