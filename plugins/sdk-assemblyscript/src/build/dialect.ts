/**
 * Makes TypeScript as formatters write it readable for asc: type-only imports lose the word `type`, and the comma after
 * the last item of a literal or list goes. Both become spaces, so that diagnostics keep their lines and columns.
 */
export function toAssemblyScript(source: string): string {
  const pieces = splitCode(source);
  const code = pieces.map((piece) => (piece.code ? piece.text : blank(piece.text))).join('');
  const edited = blankTypeImports(code).replace(/,(?=\s*[}\])])/g, ' ');
  let at = 0;
  return pieces
    .map((piece) => {
      const start = at;
      at += piece.text.length;
      return piece.code ? edited.slice(start, at) : piece.text;
    })
    .join('');
}

/** A comment is as good as white space, a literal is not. */
function blank(text: string): string {
  return (text.startsWith('/') ? ' ' : '#').repeat(text.length);
}

interface Piece {
  readonly code: boolean;
  readonly text: string;
}

/** Comments and literals apart from the code between them. What a template interpolates counts as part of the template. */
function splitCode(source: string): Piece[] {
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g;
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of source.matchAll(pattern)) {
    pieces.push({ code: true, text: source.slice(at, match.index) }, { code: false, text: match[0] });
    at = match.index + match[0].length;
  }
  return [...pieces, { code: true, text: source.slice(at) }];
}

function blankTypeImports(code: string): string {
  return code.replace(/\b(?:import|export)\s+(?:type\s+)?\{[^}]*\}/g, (clause) =>
    clause.replace(/\btype(?=\s+[\w{])/g, '    '),
  );
}
