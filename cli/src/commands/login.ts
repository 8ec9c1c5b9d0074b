import * as Flags from '@oclif/core/flags';
import { WherryError } from '@wherry/core/errors';
import type { Credentials, RegistryRequest } from '@wherry/core/registries';
import { BaseCommand } from '../base-command.ts';
import { usageError } from '../flags/usage-error.ts';
import { interruptible } from '../interrupt.ts';
import { readToEnd } from '../terminal/line.ts';
import { isTerminal, print, printError, STDIN } from '../terminal/output.ts';

export default class Login extends BaseCommand {
  static override id = 'login';
  static override summary = 'Authenticate to a registry (default is Docker Hub)';
  static override usage = '[OPTIONS] [SERVER]';
  static override examples = [
    'wherry login ghcr.io',
    'wherry login -u ann --password-stdin registry.lan:5000 < token',
  ];
  static override arity = { min: 0, max: 1 };
  static override flags = {
    authfile: Flags.string({
      helpValue: 'string',
      summary: 'File to keep the credentials in (default $REGISTRY_AUTH_FILE, or ~/.docker/config.json)',
    }),
    password: Flags.string({
      char: 'p',
      helpValue: 'string',
      summary: 'Password or Personal Access Token (PAT)',
    }),
    'password-stdin': Flags.boolean({
      summary: 'Take the Password or Personal Access Token (PAT) from stdin',
    }),
    username: Flags.string({ char: 'u', helpValue: 'string', summary: 'Username' }),
  };

  override async run(): Promise<undefined> {
    const { flags, args } = this.read(Login.flags);
    const { username, 'password-stdin': fromStdin } = flags;
    if (flags.password !== undefined) {
      printError('WARNING! Using --password via the CLI is insecure. Use --password-stdin.');
      if (fromStdin) this.#refuse('conflicting options: cannot specify both --password and --password-stdin');
    }
    // Docker's client distinguishes what is empty, as a variable of a script may be, from what isn't given.
    if (username === '') this.#refuse('username is empty');
    if (flags.password === '') this.#refuse('password is empty');
    if (fromStdin && !username) this.#refuse('the --password-stdin option requires --username to be set');
    const password = fromStdin ? readToEnd().replace(/\r?\n$/, '') : flags.password;
    const registries = await import('@wherry/core/registries');
    const server = registries.serverOf(args[0]);
    const request: RegistryRequest = {
      env: process.env,
      authFile: flags.authfile,
      insecureRegistries: this.options.insecureRegistries,
    };
    const logIn = (credentials: Credentials) =>
      interruptible((signal) => registries.logIn(server, credentials, { ...request, signal }));
    const complete = Boolean(username && password);
    const known = complete ? undefined : await registries.knownLogin(server, request);
    const knownName = known !== undefined && 'username' in known ? known.username : undefined;
    if (!username && !password && known !== undefined) {
      const whose = knownName === undefined ? '' : ` [Username: ${knownName}]`;
      printError(`Authenticating with existing credentials...${whose}`);
      try {
        await logIn(known);
        print('\nLogin Succeeded');
        return;
      } catch (error) {
        if (!(error instanceof WherryError) || error.code !== 'E_REGISTRY_AUTH') throw error;
        printError(`Login did not succeed, error: ${error.message}`);
      }
    }
    const credentials = await this.#complete(server, username, password, knownName);
    const kept = await logIn(credentials);
    if ('file' in kept) {
      printError(`
WARNING! Your credentials are stored unencrypted in '${kept.file}'.
Configure a credential helper to remove this warning. See
https://docs.docker.com/go/credential-store/
`);
    }
    print('Login Succeeded');
  }

  /** What wasn't given is asked for on the terminal. */
  async #complete(
    server: string,
    username: string | undefined,
    password: string | undefined,
    knownName: string | undefined,
  ): Promise<Credentials> {
    if (username && password) return { username, password };
    if (!isTerminal(STDIN)) {
      throw new WherryError('Cannot perform an interactive login from a non TTY device', {
        code: 'E_NOT_A_TERMINAL',
        hint: 'Give --username, and the password on standard input with --password-stdin.',
      });
    }
    const { ask, askHidden } = await import('../terminal/prompt.ts');
    if (!username && server === 'docker.io') {
      print(
        'Log in with your Docker ID or email address, and with a personal access token or your password.',
      );
    }
    const name =
      username || ask(knownName === undefined ? 'Username: ' : `Username (${knownName}): `) || knownName;
    if (!name) throw missing('username is required');
    const secret = password || askHidden('Password: ');
    if (secret === '') throw missing('password is required');
    return { username: name, password: secret };
  }

  #refuse(sentence: string): never {
    throw usageError(this.context.called, sentence);
  }
}

function missing(sentence: string): WherryError {
  return new WherryError(sentence, { code: 'E_USAGE', hint: "See 'wherry login --help'." });
}
