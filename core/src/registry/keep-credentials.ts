import { type AuthEntry, readAuthFile, writeAuthFile } from './auth-file.ts';
import { eraseFromHelper, storeInHelper } from './credential-helper.ts';
import { type Credentials, credentialKey, helperFor, keysOfRegistry } from './credentials.ts';

/** Where a login went. */
export type Kept = { readonly helper: string } | { readonly file: string };

/**
 * Keeps credentials for a registry: with the helper that the file names for it, else in the file itself, in Docker's form.
 * @param file that `docker login` writes
 * @throws WherryError `E_REGISTRY_CREDENTIALS`
 */
export async function keepCredentials(file: string, domain: string, credentials: Credentials): Promise<Kept> {
  const key = credentialKey(domain);
  const helper = helperFor(readAuthFile(file) ?? {}, domain);
  if (helper !== undefined) await storeInHelper(helper, key, credentials);
  // Read again: a helper may have asked for a password, and somebody may have logged in elsewhere meanwhile.
  const config = readAuthFile(file) ?? {};
  const others = Object.entries(config.auths ?? {}).filter(
    ([each]) => !keysOfRegistry(domain).includes(each),
  );
  const entry = helper === undefined ? entryOf(credentials) : {};
  writeAuthFile(file, { ...config, auths: { ...Object.fromEntries(others), [key]: entry } });
  return helper === undefined ? { file } : { helper };
}

/**
 * Forgets what is kept for a registry, in the file and with its helper.
 * @returns whether there was anything
 * @throws WherryError `E_REGISTRY_CREDENTIALS`
 */
export async function forgetCredentials(file: string, domain: string): Promise<boolean> {
  const config = readAuthFile(file);
  if (config === undefined) return false;
  const helper = helperFor(config, domain);
  if (helper !== undefined) await eraseFromHelper(helper, credentialKey(domain));
  const entries = Object.entries(config.auths ?? {});
  const others = entries.filter(([key]) => !keysOfRegistry(domain).includes(key));
  if (others.length === entries.length) return helper !== undefined;
  writeAuthFile(file, { ...config, auths: Object.fromEntries(others) });
  return true;
}

function entryOf(credentials: Credentials): AuthEntry {
  if ('identityToken' in credentials) return { identitytoken: credentials.identityToken };
  const { username, password } = credentials;
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') };
}
