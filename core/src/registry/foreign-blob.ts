import { shortDigest } from '../blob/digest.ts';
import { WherryError } from '../errors/error.ts';
import { discard } from './body.ts';
import { connectionFailure } from './failure.ts';
import { isLoopback } from './host.ts';
import type { Response, Transport } from './transport.ts';

export interface ForeignBlobRequest {
  readonly transport: Transport;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly offset: number;
  /** Hosts (`host[:port]`) that may be spoken to without encryption. */
  readonly insecure: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/**
 * The bytes from `offset` on of a layer that its registry may not spread, from an address that its manifest names (OCI image
 * specification, "Descriptor", `urls`). Nobody's credentials are sent there. The bytes are not verified.
 * @throws WherryError `E_REGISTRY_REPLY`, `E_REGISTRY_UNREACHABLE`
 */
export async function* foreignBlob(
  address: string,
  request: ForeignBlobRequest,
): AsyncGenerator<Buffer, void, undefined> {
  const { transport, digest, size, offset, insecure, signal } = request;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const plain = url?.protocol === 'http:' && (isLoopback(url.host) || insecure.includes(url.host));
  if (url === undefined || (url.protocol !== 'https:' && !plain))
    throw refused(digest, address, 'is no HTTPS address');
  const headers: Record<string, string> = offset === 0 ? {} : { range: `bytes=${offset}-` };
  let at = offset;
  try {
    const response = await transport.send(url, true, { method: 'GET', headers, signal });
    let left = skipped(response, offset);
    if (left === undefined) {
      discard(response);
      throw refused(digest, address, `answers with status ${response.statusCode}`);
    }
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      const fresh = left === 0 ? chunk : chunk.subarray(left);
      left -= chunk.length - fresh.length;
      at += fresh.length;
      if (at > size) throw refused(digest, address, `sends more than the ${size} bytes of the manifest`);
      if (fresh.length > 0) yield fresh;
    }
    if (at < size) throw refused(digest, address, `sends fewer than the ${size} bytes of the manifest`);
  } catch (error) {
    if (error instanceof WherryError || signal?.aborted) throw error;
    throw connectionFailure(url.host, `while reading layer ${shortDigest(digest)}`, error);
  }
}

/** How many bytes of an answer were there before; undefined when it isn't what was asked for. */
function skipped({ statusCode, headers }: Response, offset: number): number | undefined {
  if (statusCode === 200) return offset;
  const from = /^bytes (\d+)-/.exec(String(headers['content-range'] ?? ''))?.[1];
  return statusCode === 206 && Number(from) === offset ? 0 : undefined;
}

function refused(digest: string, address: string, why: string): WherryError {
  return new WherryError(
    `Layer ${shortDigest(digest)} isn't at its registry, and ${address}, where its manifest says it is, ${why}.`,
    {
      code: 'E_REGISTRY_REPLY',
      hint: 'Ask whoever made the image for one whose layers its registry has.',
    },
  );
}
