import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser, USER_NAMES } from '../support/user.ts';
import { UserManager } from '../support/user-manager.ts';

const IMAGE = 'localhost:5000/busybox';
const WAIT = { timeout: 60_000 };
const LIMIT = { timeout: 200_000 };
/** Ends with 0 when it is asked to. */
const PATIENT = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'];

describe.each(USER_NAMES)('units for systemd of %s', (name) => {
  let user: TestUser;
  let systemd: UserManager | undefined;
  const ok = async (...words: string[]): Promise<string> => {
    const result = await user.wherry(words);
    expect(result.exitCode, `${words.join(' ')}\n${result.stderr}`).toBe(0);
    return result.stdout.trim();
  };
  const state = (container: string) =>
    ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', container);

  beforeAll(async () => {
    user = asUser(name);
    await ok('pull', '-q', IMAGE);
    systemd = await UserManager.start(user);
  });
  afterAll(async () => {
    await systemd?.[Symbol.asyncDispose]();
    await user.cleanup();
  });

  it('start a container, have it again when it fails, and stop it', LIMIT, async (context) => {
    if (systemd === undefined) return context.skip('systemd is not installed');
    const unit = 'container-web.service';
    await ok('create', '--name', 'web', '--network', 'none', IMAGE, ...PATIENT);
    await systemd.install(unit, await ok('generate', 'systemd', '--name', 'web'));
    expect(await systemd.systemctl('start', unit)).toMatchObject({ exitCode: 0, stderr: '' });
    await expect.poll(() => state('web'), WAIT).toBe('running 0');
    await ok('kill', 'web');
    await expect.poll(() => systemd?.show(unit, 'NRestarts'), WAIT).toBe('1');
    await expect.poll(() => state('web'), WAIT).toBe('running 0');
    expect((await systemd.systemctl('stop', unit)).exitCode).toBe(0);
    expect(await state('web')).toBe('exited 0');
    expect(await systemd.show(unit, 'ActiveState')).toBe('inactive');
    await ok('rm', 'web');
  });

  it('make a container anew at each start, and leave none', LIMIT, async (context) => {
    if (systemd === undefined) return context.skip('systemd is not installed');
    const unit = 'container-new.service';
    await ok('create', '--name', 'new', '--network', 'none', IMAGE, ...PATIENT);
    const text = await ok('generate', 'systemd', '--new', '--name', '--restart-policy', 'always', 'new');
    await ok('rm', 'new');
    await systemd.install(unit, text);
    expect((await systemd.systemctl('start', unit)).exitCode).toBe(0);
    const id = () => user.wherry(['inspect', '-f', '{{.Id}} {{.State.Status}}', 'new']);
    await expect.poll(async () => (await id()).stdout, WAIT).toMatch(/ running$/m);
    const first = (await id()).stdout;
    // What systemd holds for the unit's main process.
    expect((await systemd.systemctl('kill', '--kill-whom=main', '-s', 'KILL', unit)).exitCode).toBe(0);
    await expect
      .poll(async () => (await id()).stdout.replace(first, ''), WAIT)
      .toMatch(/^[0-9a-f]{64} running$/m);
    expect((await systemd.systemctl('stop', unit)).exitCode).toBe(0);
    expect(await ok('ps', '-aq')).toBe('');
  });

  it('start all that a restart of the machine ended, and end it with the unit', LIMIT, async (context) => {
    if (systemd === undefined) return context.skip('systemd is not installed');
    const unit = 'wherry-start-all.service';
    await ok('run', '-d', '--restart', 'always', '--name', 'kept', '--network', 'none', IMAGE, ...PATIENT);
    await ok('stop', 'kept');
    await systemd.install(unit, await ok('generate', 'systemd'));
    for (const _ of [1, 2]) {
      expect((await systemd.systemctl('start', unit)).exitCode).toBe(0);
      expect(await state('kept')).toBe('running 0');
      // Its monitor is systemd's to look after, and has left the command that started it.
      expect((await systemd.systemctl('status', unit)).stdout).toMatch(/wherry-launcher\S* run /);
      expect((await systemd.systemctl('stop', unit)).exitCode).toBe(0);
      expect(await state('kept')).toBe('exited 0');
    }
    await ok('rm', 'kept');
  });
});
