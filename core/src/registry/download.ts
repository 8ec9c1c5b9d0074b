import { WherryError } from '../errors/error.ts';
import type { Environment } from '../store/root.ts';
import { discard } from './body.ts';
import { RedirectError, Transport } from './transport.ts';

export interface DownloadRequest {
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What is at an address of the web, by the proxies of the environment; redirects are followed.
 * @throws WherryError `E_INPUT_FILE`
 */
export async function* download(
  address: string,
  { env, signal }: DownloadRequest,
): AsyncGenerator<Buffer, void, undefined> {
  if (!URL.canParse(address)) throw failed(address, 'is no address');
  const transport = new Transport(env);
  try {
    const response = await transport.send(new URL(address), true, { method: 'GET', headers: {}, signal });
    if (response.statusCode !== 200) {
      discard(response);
      throw failed(address, `the server answers with status ${response.statusCode}`);
    }
    yield* response.body as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof WherryError || signal?.aborted) throw error;
    throw failed(
      address,
      error instanceof RedirectError ? 'it is redirected without end' : reason(error),
      error,
    );
  } finally {
    await transport.close();
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function failed(address: string, why: string, cause?: unknown): WherryError {
  return new WherryError(`The archive ${address} can't be fetched: ${why}.`, {
    code: 'E_INPUT_FILE',
    hint: 'Check the address, your network, and HTTPS_PROXY if you need a proxy.',
    exitCode: 1,
    cause,
  });
}
