import { WherryError } from '../errors/error.ts';

/** Codes of Node and undici for a connection that failed in a way that may not happen again. */
const TRANSIENT = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending',
};

const CERTIFICATE = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_TLS_CERT)/;
const NOT_ENCRYPTED = /^(ERR_SSL_|EPROTO|ERR_TLS_)/;
const NOT_HTTP = /^HPE_|^UND_ERR_RES_/;

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // undici's parser of HTTP has no code for some of its errors.
  if (error.name === 'HTTPParserError') return 'HPE_INVALID';
  return error.cause === undefined ? '' : codeOf(error.cause);
}

/** Whether trying again may help. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(codeOf(error));
}

/** Whether the other end speaks no TLS. */
export function isUnencrypted(error: unknown): boolean {
  return NOT_ENCRYPTED.test(codeOf(error));
}

/**
 * The user's words for a connection that failed.
 * @param registry `host[:port]` as the user knows it
 * @param doing what was asked of it, e.g. `while reading layer 0123456789ab`; may be empty
 */
export function connectionFailure(registry: string, doing: string, error: unknown): WherryError {
  const code = codeOf(error);
  const during = doing === '' ? '' : ` ${doing}`;
  if (CERTIFICATE.test(code)) {
    return new WherryError(`The certificate of registry ${registry} is not trusted (${describe(error)}).`, {
      code: 'E_TLS',
      hint: `Put its CA certificate into ~/.config/containers/certs.d/${registry}/ca.crt, or, if you trust the network, allow it with --insecure-registry ${registry}.`,
      cause: error,
    });
  }
  if (NOT_ENCRYPTED.test(code)) {
    return new WherryError(`Registry ${registry} can't be spoken to by HTTPS (${describe(error)}).`, {
      code: 'E_TLS',
      hint: `If it serves plain HTTP and you trust the network, allow it with --insecure-registry ${registry}.`,
      cause: error,
    });
  }
  if (NOT_HTTP.test(code)) {
    return new WherryError(
      `Registry ${registry} gave an answer that is not HTTP${during} (${describe(error)}).`,
      {
        code: 'E_REGISTRY_REPLY',
        hint: 'Check host and port: something else seems to listen there.',
        cause: error,
      },
    );
  }
  const reason = REASONS[code] ?? describe(error);
  return new WherryError(`Registry ${registry} can't be reached${during}: ${reason}.`, {
    code: 'E_REGISTRY_UNREACHABLE',
    hint: 'Check the name and port of the registry, your network, and HTTPS_PROXY if you need a proxy; then try again.',
    cause: error,
  });
}

/** An answer that breaks the distribution specification. */
export function badReply(registry: string, what: string, cause?: unknown): WherryError {
  return new WherryError(`Registry ${registry} ${what}.`, {
    code: 'E_REGISTRY_REPLY',
    hint: 'Check that the name and port are those of a registry; if they are, whoever runs it should know.',
    cause,
  });
}

function describe(error: unknown): string {
  // What OpenSSL has to say, without the place in its sources.
  const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
  const message = String(reason ?? (error instanceof Error ? error.message : error));
  return message.split('\n', 1)[0]?.replace(/\.$/, '') || codeOf(error) || 'unknown failure';
}
