import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { WherryError } from '../errors/error.ts';
import { errnoOf } from '../store/errno.ts';

/** Where Docker and Podman look for a registry's certificates, by `host[:port]`. */
export function certificateDirectories(host: string, home: string): readonly string[] {
  return [
    join(home, '.config/containers/certs.d', host),
    join(home, '.config/docker/certs.d', host),
    join('/etc/containers/certs.d', host),
    join('/etc/docker/certs.d', host),
  ];
}

/**
 * What a registry's certificate is checked against: the machine's authorities, or Node's own where it has none, and `*.crt` of
 * the registry's directories. `NAME.cert` with `NAME.key` there is the client's own certificate (Docker's certs.d).
 */
export function secureContext(host: string, home: string): SecureContext {
  const files = certificateDirectories(host, home).flatMap(list);
  const system = getCACertificates('system');
  const authorities = system.length > 0 ? system : getCACertificates('bundled');
  const own = files.filter((file) => file.endsWith('.crt')).map((file) => readFileSync(file, 'utf8'));
  const certificate = files.find((file) => file.endsWith('.cert'));
  try {
    return createSecureContext({
      ca: [...authorities, ...own],
      ...(certificate === undefined
        ? {}
        : {
            cert: readFileSync(certificate),
            key: readFileSync(certificate.replace(/\.cert$/, '.key')),
          }),
    });
  } catch (cause) {
    throw new WherryError(
      `The certificates for registry ${host} can't be used: ${(cause as Error).message}.`,
      {
        code: 'E_TLS',
        hint: `Look at the files in ${certificateDirectories(host, home).join(', ')}.`,
        cause,
      },
    );
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory)
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}
