import type { Step } from '../plugin/contract.ts';

/** Steps as text for the database. The bytes of files are in base64. */
export function stepsToText(steps: readonly Step[]): string {
  return JSON.stringify(steps, (_key, value: unknown) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
  );
}

/** The steps again. They go through the gate once more before anything is done with them. */
export function stepsFromText(text: string): readonly Step[] {
  return JSON.parse(text, (key, value: unknown) =>
    key === 'content' && isBase64(value) ? new Uint8Array(Buffer.from(value.base64, 'base64')) : value,
  ) as readonly Step[];
}

const isBase64 = (value: unknown): value is { readonly base64: string } =>
  typeof value === 'object' && value !== null && 'base64' in value && typeof value.base64 === 'string';
