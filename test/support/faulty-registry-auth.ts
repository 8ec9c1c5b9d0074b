import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/** How the registry wants to know who asks. */
export type Authentication =
  /** The token flow (distribution, docs/spec/auth/token.md). Without a user anyone gets a token. */
  | {
      readonly scheme: 'bearer';
      readonly user?: Credentials;
      readonly service?: string;
      readonly realm?: string;
      /** Given to whoever asks for one. */
      readonly refreshToken?: string;
    }
  | { readonly scheme: 'basic'; readonly user: Credentials }
  /** Issues tokens and takes none: a client that doesn't give up asks for ever. */
  | { readonly scheme: 'bearer-loop' };

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const DEFAULT_SERVICE = 'faulty.test';

/** The 401 for a request without the right to a repository; undefined when it has it. */
export function authorise(
  authentication: Authentication,
  request: IncomingMessage,
  host: string,
  repository: string | undefined,
): Answer | undefined {
  const given = request.headers.authorization ?? '';
  const scope = scopeOf(request, repository);
  if (authentication.scheme === 'basic') {
    return sameUser(given, authentication.user) ? undefined : unauthorised('Basic realm="faulty"');
  }
  if (authentication.scheme === 'bearer' && permits(given, scope)) return undefined;
  const realm = ('realm' in authentication && authentication.realm) || `http://${host}/token`;
  const service = ('service' in authentication && authentication.service) || DEFAULT_SERVICE;
  const error = given === '' ? '' : ',error="invalid_token"';
  const wanted = scope === '' ? '' : `,scope="${scope}"`;
  return unauthorised(`Bearer realm="${realm}",service="${service}"${wanted}${error}`);
}

/** The token server's answer: a token that is good for the one scope asked for. */
export function issueToken(authentication: Authentication, request: IncomingMessage): Answer {
  const query = new URL(request.url ?? '', 'http://token').searchParams;
  if (authentication.scheme === 'bearer') {
    const { user, service = DEFAULT_SERVICE } = authentication;
    if (query.get('service') !== service) return answer(400, { details: 'unknown service' });
    if (user !== undefined && !sameUser(request.headers.authorization ?? '', user)) {
      return answer(401, { details: 'incorrect username or password' });
    }
  }
  const refresh = query.get('offline_token') === 'true' && authentication.scheme === 'bearer';
  const more = refresh && authentication.refreshToken !== undefined;
  return answer(200, {
    token: token(query.getAll('scope').join(' ')),
    expires_in: 300,
    ...(more ? { refresh_token: authentication.refreshToken } : {}),
  });
}

function scopeOf({ method, url }: IncomingMessage, repository: string | undefined): string {
  if (repository === undefined) return '';
  const reads = method === 'GET' || method === 'HEAD';
  const from = new URL(url ?? '', 'http://registry').searchParams.get('from');
  const other = from === null ? '' : ` repository:${from}:pull`;
  return `repository:${repository}:${reads ? 'pull' : 'pull,push'}${other}`;
}

/** Whether a token covers every scope; one of any scope will do where none is wanted. */
function permits(header: string, scope: string): boolean {
  const [, encoded] = /^Bearer (.+)$/.exec(header) ?? [];
  if (encoded === undefined) return false;
  const text = Buffer.from(encoded, 'base64url').toString();
  if (!text.startsWith('token for ')) return false;
  const granted = text.slice('token for '.length).split(' ');
  return (
    scope.split(' ').every((each) => {
      const [wanted = '', actions = ''] = each.split(/:(?=[^:]*$)/);
      return actions.split(',').every((action) =>
        granted.some(
          (one) =>
            one.startsWith(`${wanted}:`) &&
            one
              .slice(wanted.length + 1)
              .split(',')
              .includes(action),
        ),
      );
    }) || scope === ''
  );
}

function token(scope: string): string {
  return Buffer.from(`token for ${scope}`).toString('base64url');
}

function sameUser(header: string, { username, password }: Credentials): boolean {
  return header === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function unauthorised(challenge: string): Answer {
  const error = { code: 'UNAUTHORIZED', message: 'authentication required', detail: null };
  return answer(401, { errors: [error] }, { 'www-authenticate': challenge });
}

function answer(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}
