import type { Response } from './transport.ts';

/** More bytes came than the caller was ready to take. */
export class BodyTooLarge extends Error {}

/** The whole body. @throws BodyTooLarge past `limit` bytes */
export async function readBody({ body, headers }: Response, limit: number): Promise<Buffer> {
  const announced = Number(headers['content-length'] ?? 0);
  if (announced > limit) {
    discard({ body });
    throw new BodyTooLarge();
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop destroys the body.
    if (length > limit) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Gives up a body that is too long to be read to its end, and its connection with it. */
export function discard({ body }: Pick<Response, 'body'>): void {
  // Destroying an unread body makes it emit the abort that was asked for.
  body.on('error', () => undefined);
  body.destroy();
}
