import type { Hash } from 'node:crypto';
import { WherryError } from '../errors/error.ts';

/** Loaded when something is hashed: names are looked at by every command, content by few. */
const createHash = (algorithm: string): Hash => process.getBuiltinModule('node:crypto').createHash(algorithm);

/** Registered algorithms of the OCI image specification ("Descriptor", digests) and how many hexadecimal digits each has. */
const ALGORITHMS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** Whether it has the form of a digest that can be verified: `sha256:` or `sha512:` and lower-case digits. */
export function isDigest(text: string): boolean {
  const [algorithm = '', digits = '', ...rest] = text.split(':');
  return rest.length === 0 && ALGORITHMS[algorithm] === digits.length && /^[0-9a-f]+$/.test(digits);
}

export function sha256(data: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** The first 12 hexadecimal digits, as Docker shows ids. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}

/** Digests bytes as they pass and compares at the end. */
export class DigestVerifier {
  readonly #expected: string;
  readonly #hash: Hash;

  /** @param expected a digest for which `isDigest` holds */
  constructor(expected: string) {
    this.#expected = expected;
    this.#hash = createHash(expected.slice(0, expected.indexOf(':')));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  /** @param what names the bytes: `layer sha256:… of example.org/app` @throws WherryError `E_DIGEST_MISMATCH` */
  verify(what: string): void {
    const algorithm = this.#expected.slice(0, this.#expected.indexOf(':'));
    const actual = `${algorithm}:${this.#hash.digest('hex')}`;
    if (actual !== this.#expected) throw digestMismatch(what, this.#expected, actual);
  }
}

export function digestMismatch(what: string, expected: string, actual: string): WherryError {
  return new WherryError(
    `The digest of ${what} is wrong: expected ${expected}, got ${actual}. Nothing of it has been kept.`,
    {
      code: 'E_DIGEST_MISMATCH',
      hint: 'Pull again; if it stays so, the registry or something on the way to it alters the data, and whoever runs it should know.',
    },
  );
}
