import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configuration } from '../machine/registry.ts';

const PROGRAM = '/usr/bin/docker-registry';

/** What `wherry import` makes an image of that is like `registry:2`. */
export const REGISTRY_CHANGES = [
  'ENTRYPOINT ["/usr/bin/docker-registry"]',
  'CMD ["serve", "/etc/docker/registry/config.yml"]',
  'ENV OTEL_TRACES_EXPORTER=none',
  'EXPOSE 5000',
  'VOLUME /var/lib/registry',
].flatMap((change) => ['--change', change]);

/**
 * Packs Debian's docker-registry with the libraries that it needs as a tar file that anybody can read.
 * @param use is called with its path; the file is gone afterwards
 */
export async function withRegistryTar<T>(use: (tar: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(path.join(tmpdir(), 'wherry-registry-'));
  try {
    chmodSync(directory, 0o755);
    const root = path.join(directory, 'root');
    for (const file of [PROGRAM, ...libraries()]) {
      mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
      cpSync(realpathSync(file), path.join(root, file));
    }
    for (const each of ['etc/docker/registry', 'var/lib/registry', 'tmp']) {
      mkdirSync(path.join(root, each), { recursive: true });
    }
    writeFileSync(
      path.join(root, 'etc/docker/registry/config.yml'),
      configuration('/var/lib/registry', '0.0.0.0:5000'),
    );
    const tar = path.join(directory, 'registry.tar');
    execFileSync('tar', ['-C', root, '-cf', tar, '.']);
    return await use(tar);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The paths that ldd(1) names, the loader's among them. */
function libraries(): readonly string[] {
  const text = execFileSync('ldd', [PROGRAM], { encoding: 'utf8' });
  return [...text.matchAll(/(?:=> )?(\/\S+) \(/g)].flatMap(([, file]) => file ?? []);
}
