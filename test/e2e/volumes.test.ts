import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { account, asUser, type TestUser, USER_NAMES } from '../support/user.ts';

const IMAGE = 'localhost:5000/busybox';
const DEBIAN = 'localhost:5000/debian:bookworm';

describe.each(USER_NAMES)('volumes as %s', (name) => {
  let user: TestUser;
  /** A shell with `wherry` in its PATH and a directory of its own to work in. */
  let shell: (script: string) => ReturnType<TestUser['run']>;
  beforeAll(async () => {
    user = asUser(name);
    const directory = path.join(user.root, 'work');
    shell = (script) =>
      user.run('sh', ['-c', `mkdir -p ${directory}; cd ${directory}; ${script}`], {
        env: { PATH: `${path.dirname(user.program)}:/usr/bin:/bin`, IMAGE },
      });
    for (const image of [IMAGE, DEBIAN]) {
      const pull = await user.wherry(['pull', '-q', image]);
      expect(pull.exitCode, pull.stderr).toBe(0);
    }
  });
  afterEach(() => shell('wherry rm -fv $(wherry ps -aq); wherry volume prune -af; rm -rf ./*'));
  afterAll(() => user.cleanup());

  /** Its output, when it succeeds and says nothing of errors. */
  const output = async (script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await shell(script);
    expect({ exitCode, stderr }, script).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };
  const failure = async (script: string): Promise<{ readonly exitCode: number; readonly stderr: string }> => {
    const { exitCode, stderr } = await shell(script);
    expect(exitCode, script).not.toBe(0);
    return { exitCode, stderr };
  };

  describe.each(['overlay', 'vfs'])('on %s', (driver) => {
    const run = `wherry run --storage-driver ${driver}`;

    it('a named volume outlives its containers', async () => {
      await output(`wherry volume create --name mydata`);
      await output(
        `${run} --name c1 -v mydata:/opt/data $IMAGE sh -c 'echo kept >/opt/data/f' && wherry rm c1`,
      );
      expect(await output(`${run} --rm -v mydata:/opt/data $IMAGE cat /opt/data/f`)).toBe('kept\n');
      expect(await output(`wherry volume ls -q`)).toBe('mydata\n');
      expect(await output(`wherry volume rm $(wherry volume ls -q)`)).toBe('mydata\n');
    });

    it('a directory of the host is seen on both sides, and belongs to the user', async () => {
      await output(`mkdir -p data && echo outside >data/a`);
      expect(
        await output(
          `${run} --rm -v $PWD/data:/webdata $IMAGE sh -c 'cat /webdata/a; echo inside >/webdata/b'`,
        ),
      ).toBe('outside\n');
      expect(await output(`cat data/b; stat -c %u data/b; rm -r data`)).toBe(`inside\n${user.uid}\n`);
    });

    it('read-only refuses writes, of a directory, of what lies below it, and of a single file', async () => {
      await output(`mkdir -p ro && echo text >ro/f`);
      const denied = await failure(`${run} --rm -v $PWD/ro:/ro:ro $IMAGE sh -c 'echo x >/ro/g'`);
      expect(denied).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Read-only file system') });
      const script = `cat /f; echo x >/f`;
      const file = await shell(`${run} --rm -v $PWD/ro/f:/f:ro $IMAGE sh -c '${script}'`);
      expect(file).toMatchObject({ exitCode: 1, stdout: 'text\n' });
      expect(await output(`cat ro/f; ls ro; rm -r ro`)).toBe('text\nf\n');
    });

    it("the image's content is copied up with owners and links, at the first use alone", async () => {
      const list = `ls -ln /etc/passwd /etc/shadow; touch /etc/mine`;
      const image = await output(`${run} --rm $IMAGE sh -c '${list}'`);
      expect(await output(`${run} --rm -v etc:/etc $IMAGE sh -c '${list}'`)).toBe(image);
      expect(
        await output(`${run} --rm -v etc:/x $IMAGE sh -c 'test -e /x/mine && rm -r /x/*; ls -A /x'`),
      ).toBe('');
      const links = `ls -l /bin | grep -c busybox`;
      expect(await output(`${run} --rm -v bin:/new -v bin2:/bin $IMAGE sh -c '${links}'`)).toBe(
        await output(`${run} --rm $IMAGE sh -c '${links}'`),
      );
      expect(await output(`${run} --rm -v nothing:/etc:nocopy $IMAGE ls -A /etc`)).toBe(
        'hostname\nhosts\nresolv.conf\n',
      );
      await output(`wherry volume rm etc bin bin2 nothing`);
    });

    it('a data container that never runs, its backup by tar and the way back', async () => {
      await output(`wherry create --storage-driver ${driver} -v /dbdata --name dbstore $IMAGE true`);
      await output(
        `${run} --rm --volumes-from dbstore $IMAGE sh -c 'echo rows >/dbdata/table; mkdir /dbdata/d'`,
      );
      await output(
        `${run} --rm --volumes-from dbstore -v $(pwd):/backup $IMAGE tar cf /backup/backup.tar -C / dbdata`,
      );
      expect(await output(`tar tf backup.tar | sort`)).toBe('dbdata/\ndbdata/d/\ndbdata/table\n');
      await output(`wherry create --storage-driver ${driver} -v /dbdata --name dbstore2 $IMAGE true`);
      await output(`${run} --rm --volumes-from dbstore2 -v $(pwd):/backup $IMAGE tar xf /backup/backup.tar`);
      // A chain: what comes from dbstore2 by way of another container, read-only.
      await output(
        `wherry create --storage-driver ${driver} --volumes-from dbstore2:ro --name chain $IMAGE true`,
      );
      expect(await output(`${run} --rm --volumes-from chain $IMAGE cat /dbdata/table`)).toBe('rows\n');
      await failure(`${run} --rm --volumes-from chain $IMAGE touch /dbdata/x`);
      // The anonymous volume stays for as long as somebody uses it.
      await output(`wherry rm -v dbstore2`);
      expect(await output(`${run} --rm --volumes-from chain $IMAGE cat /dbdata/table`)).toBe('rows\n');
      await output(`wherry rm -v chain dbstore; rm backup.tar`);
      expect(await output(`wherry volume ls -q`)).toBe('');
    });

    it('a container that never ran hands over what its image has at the volume', async () => {
      await output(`wherry create --storage-driver ${driver} -v /etc --name store $IMAGE true`);
      const shown = await output(`${run} --rm --volumes-from store ${DEBIAN} cat /etc/passwd`);
      expect(shown).toBe(await output(`${run} --rm $IMAGE cat /etc/passwd`));
    });

    it('an image is mounted read-only', async () => {
      const flags = `--mount type=image,source=${DEBIAN},target=/deb`;
      const script = `cat /deb/etc/debian_version && ! touch /deb/x 2>/dev/null`;
      expect(await output(`${run} --rm ${flags} $IMAGE sh -c '${script}'`)).toMatch(/^12/);
    });

    it('anonymous volumes go with --rm and with rm -v, and stay with rm', async () => {
      await output(`${run} --rm -v /data $IMAGE true`);
      expect(await output(`wherry volume ls -q`)).toBe('');
      await output(`${run} --name c1 -v /data $IMAGE true && wherry rm c1`);
      expect(await output(`wherry volume ls -q --filter dangling=true`)).toMatch(/^[0-9a-f]{64}\n$/);
      const pruned = await output(`wherry volume prune -f`);
      expect(pruned).toMatch(/^Deleted Volumes:\n[0-9a-f]{64}\n\nTotal reclaimed space: \S+B\n$/);
      await output(`${run} --name c1 -v /data $IMAGE true && wherry rm -v c1`);
      expect(await output(`wherry volume ls -q`)).toBe('');
    });

    it('mounts that lie in each other come in order, wherever the flags stand', async () => {
      const flags = `-v v1:/a/b/c --mount type=tmpfs,dst=/a/b -v $PWD/nested:/a --tmpfs /a/t:size=64k`;
      const script = `mount | grep -o " on /a[^ ]* type [a-z0-9]*" | sort; echo x >/a/b/c/f; echo y >/a/g`;
      const shown = await output(`${run} --rm ${flags} $IMAGE sh -c '${script}'`);
      expect(shown.split('\n').map((line) => line.split(' ')[2])).toEqual([
        '/a',
        '/a/b',
        '/a/b/c',
        '/a/t',
        undefined,
      ]);
      expect(await output(`cat nested/g; ls nested; rm -r nested; wherry volume rm v1`)).toBe(
        'y\nb\ng\nt\nv1\n',
      );
    });

    it('a mount over a link lands inside the root, never outside', async () => {
      const away = `wherry-escape-${user.uid}-${driver}`;
      await output(
        `${run} --rm -v links:/v $IMAGE sh -c 'ln -s /tmp /v/in; ln -s /../../../../../tmp /v/out'`,
      );
      await output(`mkdir -p d && echo x >d/f`);
      const script = `cat /tmp/inside/f; cat /tmp/${away}/f; mount | grep -c -E " on /tmp/(inside|${away}) "`;
      const flags = `-v links:/v -v $PWD/d:/v/in/inside -v $PWD/d:/v/out/${away}`;
      expect(await output(`${run} --rm ${flags} $IMAGE sh -c '${script}'`)).toBe('x\nx\n2\n');
      expect(await output(`test -e /tmp/${away} || echo none; rm -r d; wherry volume rm links`)).toBe(
        'none\nlinks\n',
      );
    });
  });

  it('a volume in use is kept, and the message names who uses it', async () => {
    await output(`wherry create -v used:/d --name holder $IMAGE true`);
    const { exitCode, stderr } = await failure(`wherry volume rm used`);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^wherry: remove used: volume is in use - \[holder \([0-9a-f]{12}\)\]\n/);
    expect(await output(`wherry volume prune -a -f`)).toBe('Total reclaimed space: 0B\n');
    await output(`wherry rm holder && wherry volume rm used`);
  });

  it('prune asks, and only y is a yes', async () => {
    await output(`wherry volume create one`);
    const question =
      'WARNING! This will remove all local volumes not used by at least one container.\nAre you sure you want to continue? [y/N] ';
    expect(await output(`echo n | wherry volume prune -a`)).toBe(question);
    expect(await output(`wherry volume prune -a </dev/null`)).toBe(question);
    expect(await output(`wherry volume ls -q`)).toBe('one\n');
    expect(await output(`echo y | wherry volume prune -a`)).toContain('Deleted Volumes:\none\n');
  });

  it('export and import keep owners, modes, links and times', async () => {
    const make = `cd /d; echo x >f; ln f hard; ln -s f soft; mkdir -m 1777 s; touch -t 202001020304 f; chown 5:6 s`;
    await output(`wherry run --rm -v from:/d $IMAGE sh -c '${make}'`);
    await output(
      `wherry volume export -o v.tar from; wherry volume create to; wherry volume import to v.tar`,
    );
    const stat = (volume: string) =>
      output(`wherry run --rm -v ${volume}:/d -w /d $IMAGE stat -c '%n %h %a %u:%g %Y %N' f hard soft s`);
    expect(await stat('to')).toBe(await stat('from'));
    await output(`wherry volume export from | gzip | wherry volume import to -`);
    expect(await failure(`echo no archive | wherry volume import to -`)).toMatchObject({ exitCode: 1 });
    await output(`wherry volume rm from to; rm v.tar`);
  });

  it('keep-id: the user is themselves inside, and what they write is theirs', async () => {
    const flags = `--userns keep-id -v $PWD:/work -w /work`;
    const seen = await output(
      `wherry run --rm ${flags} $IMAGE sh -c 'id -u; id -g; whoami; touch mine; stat -c %u mine'`,
    );
    expect(seen).toBe(`${user.uid}\n${user.gid}\n${account(name)}\n${user.uid}\n`);
    expect(await output(`stat -c %u:%g mine; rm mine`)).toBe(`${user.uid}:${user.gid}\n`);
    expect(await output(`wherry run --rm --userns keep-id:uid=1234,gid=99 $IMAGE id -u`)).toBe('1234\n');
  });

  it('exec into a container with keep-id is as the user, too', async () => {
    const flags = `--userns keep-id -v $PWD:/work -w /work`;
    await output(`wherry run -d --name kept ${flags} $IMAGE sleep 100`);
    expect(await output(`wherry exec kept sh -c 'id -u; touch by-exec'; stat -c %u by-exec`)).toBe(
      `${user.uid}\n${user.uid}\n`,
    );
  });

  it('inspect shows the mounts', async () => {
    await output(`wherry create --name shown -v data:/d -v $PWD:/work:ro $IMAGE true`);
    const mounts: unknown = JSON.parse(await output(`wherry inspect -f '{{json .Mounts}}' shown`));
    const directory = path.join(user.root, 'work');
    expect(mounts).toEqual([
      expect.objectContaining({ Type: 'volume', Name: 'data', Destination: '/d', RW: true, Driver: 'local' }),
      expect.objectContaining({
        Type: 'bind',
        Source: directory,
        Destination: '/work',
        RW: false,
        Mode: 'ro',
      }),
    ]);
  });

  it('U gives the files to the user of the container', async () => {
    const owner = name === 'wuser' ? '7:8' : '0:0';
    expect(await output(`wherry run --rm -u 7:8 -v given:/etc:U $IMAGE stat -c %u:%g /etc /etc/shadow`)).toBe(
      `${owner}\n${owner}\n`,
    );
  });

  it('labels, filters, formats, and volumes that stand for something else', async () => {
    await output(`mkdir src; echo x >src/f; wherry volume create --label a=1 --label b named`);
    expect(await output(`wherry volume create`)).toMatch(/^[0-9a-f]{64}\n$/);
    await output(`wherry volume create -o type=tmpfs -o device=tmpfs -o o=size=1m fast`);
    await output(`wherry volume create -o type=none -o o=bind -o device=$PWD/src bound`);
    const ls = (flags: string) => output(`wherry volume ls ${flags}`);
    expect(await ls(`--filter label=a=1 --format '{{.Name}} {{.Driver}} {{.Label "a"}}'`)).toBe(
      'named local 1\n',
    );
    expect(await ls(`-q --filter label=b --filter name=nam`)).toBe('named\n');
    expect(await output(`wherry volume inspect -f '{{json .Labels}} {{json .Options}}' named bound`)).toBe(
      `{"a":"1","b":""} null\nnull {"device":"${user.root}/work/src","o":"bind","type":"none"}\n`,
    );
    const flags = `-v fast:/fast -v bound:/etc`;
    const script = `df -k /fast | tail -n 1; ls -A /etc; echo y >/etc/g; head -c 8k /dev/zero >/fast/x`;
    const shown = await output(`wherry run --name other ${flags} $IMAGE sh -c '${script}'`);
    expect(shown).toMatch(/^tmpfs +1024 .* \/fast\nf\n/);
    expect(await output(`cat src/g`)).toBe('y\n');
    const usage = await output(`wherry system df --format '{{.Type}} {{.TotalCount}} {{.Active}}'`);
    expect(usage).toContain('Local Volumes 4 2\n');
    expect(await output(`wherry volume prune -a -f --filter label!=a`)).toMatch(
      /^Deleted Volumes:\n[0-9a-f]{64}\n\n/,
    );
    const refused = await failure(`wherry volume create -o type=nfs -o o=addr=10.0.0.1 -o device=:/x far`);
    expect(refused.stderr.trim().split('\n')).toHaveLength(2);
    expect(await ls('-q')).toBe('bound\nfast\nnamed\n');
    await output(`wherry rm other; wherry volume rm bound; rm -r src`);
  });

  it('z and Z, which Docker has for SELinux, give the same files', async () => {
    const flags = `-v $PWD/z:/a:z -v $PWD/z:/b:ro,Z -v labelled:/c:Z`;
    const script = `echo x >/a/f; cat /b/f; ! touch /b/g 2>/dev/null; echo y >/c/f`;
    expect(await output(`wherry run --name zs ${flags} $IMAGE sh -c '${script}'; cat z/f`)).toBe('x\nx\n');
    expect(await output(`wherry inspect -f '{{range .Mounts}}{{.Mode}} {{.RW}} {{end}}' zs`)).toBe(
      'z true ro,Z false Z true \n',
    );
  });

  it('what the host mounts later is seen with rslave and rshared, and not with rprivate', async () => {
    const host = path.join(user.root, 'work/mounted');
    const mount = (...args: string[]) => execFileSync('mount', args);
    await output(`mkdir mounted`);
    mount('-t', 'tmpfs', '-o', `mode=755,uid=${user.uid},gid=${user.gid}`, 'tmpfs', host);
    try {
      mount('--make-private', host);
      const refused = await failure(`wherry run --rm -v $PWD/mounted:/x:rslave $IMAGE true`);
      const sentence = `The path ${host} is mounted on ${host} but it is not a shared or slave mount.`;
      expect(refused).toMatchObject({ exitCode: 125, stderr: expect.stringContaining(sentence) });
      mount('--make-shared', host);
      await output(`mkdir mounted/later`);
      const flags = `-v $PWD/mounted:/slave:rslave -v $PWD/mounted:/private:rprivate --mount type=bind,src=$PWD/mounted,dst=/shared,bind-propagation=rshared`;
      await output(`wherry run -d --name watching --cap-add SYS_ADMIN ${flags} $IMAGE sleep 1000`);
      const inside = (script: string) => output(`wherry exec watching sh -c '${script}'`);
      mount('-t', 'tmpfs', 'tmpfs', path.join(host, 'later'));
      writeFileSync(path.join(host, 'later/seen'), '');
      expect(await inside(`ls -d /*/later/* 2>/dev/null`)).toBe('/shared/later/seen\n/slave/later/seen\n');
      execFileSync('umount', [path.join(host, 'later')]);
      // A container's own mounts stay its own, with rshared too.
      const own = `mkdir /shared/own && mount -t tmpfs none /shared/own && touch /shared/own/f; ls /*/later /shared/own`;
      expect(await inside(own)).toBe(
        '/private/later:\n\n/shared/later:\n\n/shared/own:\nf\n\n/slave/later:\n',
      );
      expect(readdirSync(path.join(host, 'own'))).toEqual([]);
    } finally {
      await shell(`wherry rm -f watching`);
      execFileSync('umount', ['--recursive', host]);
    }
  });

  it('bad input: one sentence and a hint, Docker’s status, and nothing is created', async () => {
    await output(`mkfifo fifo`);
    const server = createServer().listen(path.join(user.root, 'work/socket'));
    await once(server, 'listening');
    const cases: readonly (readonly [flags: string, sentence: string])[] = [
      ['-v relative/path:/a', 'includes invalid characters for a local volume name'],
      ['-v a/b:/a', 'includes invalid characters'],
      ['-v /x:/', "the target can't be '/'"],
      ['-v /x:rel', 'must be an absolute path'],
      ['-v /x:/a:bogus', 'invalid mode: bogus'],
      ['-v /x:/a:ro:z', 'invalid volume specification'],
      ['-v ok1:/a -v ok2:/a/', 'Duplicate mount point: /a'],
      ['--mount type=bind,src=/nonexistent/x,dst=/a', 'bind source path does not exist: /nonexistent/x'],
      ['--mount type=bind,dst=/a', 'field Source must not be empty'],
      ['--mount type=what,dst=/a', 'mount type unknown'],
      ['--mount type=bind,src=/,dst=/a,color=red', "unexpected key 'color'"],
      ['-v /nonexistent/x:/a', "isn't there and can't be made"],
      ['-v $PWD/fifo:/a', 'is a FIFO'],
      ['-v $PWD/socket:/a', 'is a socket'],
      ['--mount type=bind,src=$PWD/missing,dst=/a', 'bind source path does not exist'],
      ['-v data:/a:rslave', 'propagation is for directories of the host'],
      ['--pull never --mount type=image,source=nosuch/image:1,dst=/a', 'nosuch/image:1'],
      ['--mount type=image,dst=/a', 'field Source must not be empty'],
      ['-v /etc/shadow:/a', 'permission denied'],
      ['-v /root/x:/a', 'permission denied'],
      ['--volumes-from nobody', 'No such container: nobody'],
      ['--tmpfs /a:bogus', 'Invalid tmpfs option "bogus"'],
    ];
    for (const [flags, sentence] of cases) {
      for (const command of flags.startsWith('-v ok1') ? ['run', 'create'] : ['run']) {
        const { exitCode, stderr } = await shell(`wherry ${command} --name never ${flags} $IMAGE true`);
        expect({ exitCode, stderr }, flags).toEqual({
          exitCode: sentence === 'permission denied' ? 126 : command === 'create' ? 1 : 125,
          stderr: expect.stringContaining(sentence),
        });
        expect(stderr.trim().split('\n').length, stderr).toBe(2);
      }
    }
    server.close();
    expect(await output(`wherry ps -a --no-trunc | tail -n +2; wherry volume ls -q; ls`)).toBe('fifo\n');
  });
});
