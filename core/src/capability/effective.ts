/** `--cap-add` and `--cap-drop`: any case, with or without `CAP_`, or `ALL`. */
interface Asked {
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
}

/**
 * The two lists as Docker's client sends them: names in full, once each and sorted, `ALL` in place of all others.
 * Names aren't looked up.
 */
export function effectiveCapabilities({ capAdd, capDrop }: Asked): Asked {
  return { capAdd: names(capAdd), capDrop: names(capDrop) };
}

function names(texts: readonly string[]): readonly string[] {
  const found = new Set(texts.map((text) => text.trim().toUpperCase()).map(full));
  return found.has('ALL') ? ['ALL'] : [...found].sort();
}

function full(name: string): string {
  if (name === 'ALL' || name === 'CAP_ALL') return 'ALL';
  return name.startsWith('CAP_') ? name : `CAP_${name}`;
}
