import { WherryError } from '../errors/error.ts';
import { DEFAULT_DOMAIN } from '../reference/reference.ts';
import { type Access, denied } from './authorization.ts';
import { BodyTooLarge, readBody } from './body.ts';
import { badReply } from './failure.ts';
import type { Response } from './transport.ts';

const MAX_ERROR_BYTES = 64 << 10;

export interface AskedFor {
  /** `host[:port]` */
  readonly registry: string;
  readonly repository: string;
  /** Tag or digest; `''` when the repository itself was asked for. */
  readonly reference: string;
  /** Default pull. */
  readonly access?: Access;
}

/** The error for an answer that is neither what was asked for nor worth another try. Reads the body. */
export async function failureOf(response: Response, asked: AskedFor): Promise<WherryError> {
  const { code, message } = await errorOf(response);
  const said = message === '' ? '' : `: ${message}`;
  switch (response.statusCode) {
    case 401:
    case 403:
      return denied(
        asked.registry,
        asked.repository,
        message || `it answers with status ${response.statusCode}`,
        asked.access,
      );
    case 404:
      return notFound(asked, code, said);
    case 429:
      return rateLimited(asked.registry, said);
    default:
      return badReply(asked.registry, `answered with status ${response.statusCode}${said}`);
  }
}

/** Docker's sentences: `manifest for x:y not found: manifest unknown`, `repository x not found`. */
function notFound({ registry, repository, reference }: AskedFor, code: string, said: string): WherryError {
  const name = `${registry}/${repository}`;
  if (code === 'NAME_UNKNOWN' || reference === '') {
    return new WherryError(`repository ${name} not found${said}.`, {
      code: 'E_MANIFEST_NOT_FOUND',
      hint: 'Check the spelling of the name, and that the image has been pushed to this registry.',
    });
  }
  const full = `${name}${reference.includes(':') ? '@' : ':'}${reference}`;
  return new WherryError(`manifest for ${full} not found${said || ': manifest unknown'}.`, {
    code: 'E_MANIFEST_NOT_FOUND',
    hint: 'Check the spelling of the name and the tag; without a tag, "latest" is asked for.',
  });
}

function rateLimited(registry: string, said: string): WherryError {
  const hub =
    registry === DEFAULT_DOMAIN
      ? ' Docker Hub counts pulls by address, and gives more to users who log in.'
      : '';
  return new WherryError(`Registry ${registry} refuses more requests for now (rate limit)${said}.${hub}`, {
    code: 'E_REGISTRY_RATE_LIMIT',
    hint: `Wait and try again, log in with "wherry login ${registry}", or pull from a mirror.`,
  });
}

/** The first error of the distribution specification's error body; empty texts when there is none. */
async function errorOf(response: Response): Promise<{ code: string; message: string }> {
  let body: Buffer;
  try {
    body = await readBody(response, MAX_ERROR_BYTES);
  } catch (error) {
    if (error instanceof BodyTooLarge) return { code: '', message: '' };
    throw error;
  }
  try {
    const { errors } = JSON.parse(body.toString('utf8')) as { errors?: readonly Record<string, unknown>[] };
    const { code, message } = errors?.[0] ?? {};
    return { code: text(code), message: text(message) };
  } catch {
    // Proxies and the like answer with HTML, which tells less than the status.
    return { code: '', message: '' };
  }
}

/** What a server says goes to a terminal, so nothing that steers one may be in it. */
function text(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[^\x20-\x7e]/g, '?').slice(0, 200) : '';
}
