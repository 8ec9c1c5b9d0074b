import { EXIT, WherryError } from '../errors/error.ts';

/** `ctrl-` and one of these is the control character with the letter's low bits. */
const CONTROL = /^ctrl-([a-z@[\\\]^_])$/;

/**
 * The bytes of a key sequence such as `ctrl-p,ctrl-q` or `a`; none for the empty text, which means that nothing detaches.
 * @throws WherryError `E_DETACH_KEYS`
 */
export function parseDetachKeys(text: string): Uint8Array {
  if (text === '') return new Uint8Array();
  return Uint8Array.from(
    text.split(',').map((key) => {
      const control = CONTROL.exec(key.toLowerCase());
      if (control?.[1] !== undefined) return control[1].toUpperCase().charCodeAt(0) & 0x1f;
      if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
      throw new WherryError(
        `Invalid detach keys: ${JSON.stringify(text)}: ${JSON.stringify(key)} is no key.`,
        {
          code: 'E_DETACH_KEYS',
          hint: 'Give single characters, or ctrl- and one of a-z @ [ \\ ] ^ _, with commas between them.',
          exitCode: EXIT.engine,
        },
      );
    }),
  );
}
