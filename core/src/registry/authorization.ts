import { WherryError } from '../errors/error.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { badReply } from './failure.ts';
import { basicHeader, fetchToken } from './token.ts';
import type { Transport } from './transport.ts';

interface Known {
  readonly header: string;
  readonly expires: number;
}

/** What is asked of a repository, as a refusal says it. */
export type Access = 'pull' | 'push';

/** A 401 that is to be met. */
export interface Refusal {
  /** `WWW-Authenticate`. */
  readonly challenge: string;
  /** The header that was refused, if there was one. */
  readonly refused: string | undefined;
  /** Whether the registry's certificate was checked. */
  readonly verify: boolean;
  readonly access: Access;
  readonly signal?: AbortSignal | undefined;
}

/** What a registry wants to see in `Authorization`, by repository; tokens are asked for once and used until they expire. */
export class Authorization {
  readonly #registry: string;
  readonly #transport: Transport;
  readonly #credentials: () => Promise<Credentials | undefined>;
  readonly #known = new Map<string, Known>();
  readonly #pending = new Map<string, Promise<Known>>();

  /** @param registry `host[:port]` as the user knows it */
  constructor(registry: string, transport: Transport, credentials: () => Promise<Credentials | undefined>) {
    this.#registry = registry;
    this.#transport = transport;
    this.#credentials = credentials;
  }

  /** The header for a repository, if one is known that is still good. */
  header(repository: string): string | undefined {
    const known = this.#known.get(repository);
    return known !== undefined && known.expires > Date.now() ? known.header : undefined;
  }

  /**
   * Meets the challenge of a 401. Requests that are refused at the same time share one token.
   * @throws WherryError `E_REGISTRY_AUTH`
   */
  async answer(repository: string, refusal: Refusal): Promise<void> {
    const current = this.header(repository);
    if (current !== undefined && current !== refusal.refused) return;
    let pending = this.#pending.get(repository);
    if (pending === undefined) {
      pending = this.#meet(repository, refusal);
      this.#pending.set(repository, pending);
    }
    try {
      this.#known.set(repository, await pending);
    } finally {
      this.#pending.delete(repository);
    }
  }

  async #meet(repository: string, { challenge, verify, access, signal }: Refusal): Promise<Known> {
    const challenges = parseChallenges(challenge);
    const credentials = await this.#credentials();
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) {
      return fetchToken(this.#transport, {
        registry: this.#registry,
        parameters: { scope: `repository:${repository}:pull`, ...bearer.parameters },
        credentials,
        verify,
        signal,
        denied: (reason) => denied(this.#registry, repository, reason, access),
      });
    }
    const basic = challenges.some(({ scheme }) => scheme === 'basic');
    if (basic && credentials !== undefined && 'username' in credentials) {
      return { header: basicHeader(credentials), expires: Number.POSITIVE_INFINITY };
    }
    if (basic) throw denied(this.#registry, repository, 'it asks for a user name and password', access);
    throw badReply(this.#registry, `asks for authentication in a way that is not known: "${challenge}"`);
  }
}

/** @param reason follows "access to … is denied:" */
export function denied(
  registry: string,
  repository: string,
  reason: string,
  access: Access = 'pull',
): WherryError {
  const what = access === 'pull' ? 'Pull' : 'Push';
  const ways =
    access === 'pull'
      ? 'The repository does not exist, or you have to log in.'
      : 'You have to log in as somebody who may write there.';
  return new WherryError(`${what} access denied for ${registry}/${repository}: ${reason}. ${ways}`, {
    code: 'E_REGISTRY_AUTH',
    hint:
      access === 'pull'
        ? `Check the name; for a private image log in with "wherry login ${registry}".`
        : `Check the name, and log in with "wherry login ${registry}".`,
  });
}
