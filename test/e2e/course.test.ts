import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUser, type TestUser } from '../support/user.ts';

/**
 * The command lines of a course on Docker, word for word, with what they print and, where it isn't 0, their exit status. Each
 * section begins with no container; its lines are run one after the other by one shell that has `wherry` for `docker`.
 */
type Line = readonly [line: string, prints?: RegExp, status?: number];

const ID = /^[0-9a-f]{64}$/m;

const FIRST_STEPS: readonly Line[] = [
  ['docker run busybox echo hello', /^hello$/],
  ['docker run busybox ls', /^bin$/m],
  ["echo exit | script -qfec 'docker run -i -t busybox' /dev/null", /\/ # /],
  ['docker run -d busybox sleep 1000', ID],
  ['docker run --rm busybox sleep 0.1', /^$/],
  ['docker run debian whoami', /^root$/],
  ['docker run debian pwd', /^\/$/],
  ['docker run debian date', /UTC 20\d\d$/],
  ['docker run -itd --name=container1 busybox', ID],
  ['docker ps', /^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES\n.* container1$/m],
  ['docker ps -a', /Exited \(0\)/],
  ['docker ps -aq', /^([0-9a-f]{12}\n){6,}[0-9a-f]{12}$/],
  ['docker inspect $(docker ps -lq)', /"Name": "\/container1"/],
  ['docker stats --no-stream container1', /container1 +\d/],
  ['docker top container1', /^UID +PID .*\n.* sh$/],
  ['docker help run', /Create and run a new container from an image/],
  ['docker run --help', /--cpus/],
  ['docker info', /Storage/],
  ['docker version', /\d+\.\d+\.\d+/],
];

const LIFE: readonly Line[] = [
  [
    "echo exit | script -qfec 'docker run -it --name c1 debian /bin/bash' /dev/null",
    /root@[0-9a-f]{12}:\/# /,
  ],
  ["echo 'exit 3' | script -qfec 'docker start -ai c1' /dev/null", /# /, 3],
  ['echo exit | docker start -i c1', /exit/],
  ['docker rm c1', /^c1$/],
  ['docker run -dit --name c1 busybox', ID],
  ['docker stop -t 1 c1', /^c1$/],
  ['docker start c1', /^c1$/],
  ['docker restart -t 0 c1', /^c1$/],
  ['docker pause c1', /^c1$/],
  ['docker ps', /\(Paused\)/],
  ['docker unpause c1', /^c1$/],
  ['docker exec c1 hostname', /^[0-9a-f]{12}$/],
  ['docker exec -d c1 touch /made', /^$/],
  ['docker kill --signal="HUP" c1', /^c1$/],
  // What kill says may come anywhere between.
  ['(docker wait c1; echo done) & docker kill c1; wait', /^(?=[\s\S]*^c1$)[\s\S]*^137\n(c1\n)?done$/m],
  ['docker rename c1 c2', /^$/],
  ['docker rm -f c2', /^c2$/],
  ['docker run -d --restart=always --name again debian sleep 0.2', ID],
  ["until [ $(docker inspect -f '{{.RestartCount}}' again) -gt 0 ]; do sleep 0.1; done", /^$/],
  ['docker update --restart=no again', /^again$/],
  ['docker rm -f again', /^again$/],
  ['docker run --restart on-failure:1 --name fails busybox sh -c "echo turn; exit 1"', /^turn\nturn$/, 1],
  ['docker logs fails', /^turn\nturn$/],
  ['docker logs --tail 1 -t fails', /^20\d\d-.*Z turn$/],
  ['docker run -d --name c3 busybox sh -c "echo one; echo two; echo three; sleep 100"', ID],
  ['until [ "$(docker logs c3 | wc -l)" = 3 ]; do sleep 0.1; done; docker logs --tail 2 c3', /^two\nthree$/],
  ['timeout 1 docker logs --tail 0 -f c3', /^$/, 124],
  ['docker kill -s TERM c3', /^c3$/],
  ['docker kill c3', /^c3$/],
  [
    'docker events --since 1h --until 0s --filter container=c3',
    /container create .*\n.*container start .*\n(.*\n)*.*container die/,
  ],
  ['docker run --cidfile id --rm busybox true; cat id; rm id', ID],
  ['docker run --rm -a stdout busybox sh -c "echo out; echo err >&2"', /^out$/],
  ['docker run --rm -h name busybox hostname', /^name$/],
  ['docker run --rm -e A=b busybox env', /^A=b$/m],
  ['echo B=c >f; docker run --rm --env-file f busybox env', /^B=c$/m],
  ['docker run --rm -w /dir busybox pwd', /^\/dir$/],
  ['docker run --rm -u nobody debian whoami', /^nobody$/],
  ['docker run --rm --entrypoint echo busybox hello', /^hello$/],
  ['docker create --name x1 busybox echo created', ID],
  ['docker start -a x1', /^created$/],
  ['docker update --restart no x1', /^x1$/],
  ['docker rm $(docker ps -aq)', /^([0-9a-f]{12}\n)+[0-9a-f]{12}$/],
  ['docker rm none1 none2', /No such container: none1[\s\S]*No such container: none2/, 1],
];

const CHANGES: readonly Line[] = [
  ['docker run --name c1 busybox sh -c "echo x >/root/file.txt; rm /etc/passwd; chmod 700 /home"', /^$/],
  ['docker diff c1', /^(?=[\s\S]*^A \/root\/file\.txt$)(?=[\s\S]*^D \/etc\/passwd$)(?=[\s\S]*^C \/home$)/m],
  ['docker commit -m "why" -a "who" c1 me/image:1.0', /^sha256:[0-9a-f]{64}$/],
  ['docker run --rm me/image:1.0 cat /root/file.txt', /^x$/],
  ['docker cp c1:/root/file.txt . && cat file.txt', /x$/],
  ['echo host >host.txt; docker cp host.txt c1:/root/; docker cp c1:/root/host.txt - | tar xO', /host$/],
  ['docker export c1 > c.tar; tar tf c.tar', /root\/file\.txt/],
  ['docker export -o c.tar c1; tar tf c.tar', /root\/file\.txt/],
  ['docker import - new:tag < c.tar', /^sha256:/],
  ['cat c.tar | docker import - new:tag2', /^sha256:/],
  ['docker run --rm new:tag cat /root/file.txt', /^x$/],
  ['docker inspect -f {{.Architecture}} me/image:1.0', /^(amd64|arm64)$/],
  ["docker inspect -f='{{.Parent}}' me/image:1.0", /^(sha256:[0-9a-f]+)?$/],
  ['docker history me/image:1.0', /why/],
  ['docker images me/image', /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\nme\/image +1\.0 /],
  [
    'docker save -o f.tar me/image:1.0; docker rm c1; docker rmi me/image:1.0',
    /Untagged: me\/image:1\.0[\s\S]*Deleted: sha256:/,
  ],
  ['docker load -i f.tar', /Loaded image: me\/image:1\.0/],
  ['docker load < f.tar', /Loaded image: me\/image:1\.0/],
  ['docker rmi me/image:1.0 new:tag new:tag2', /Untagged/],
];

const SHARING: readonly Line[] = [
  ['docker network ls', /bridge[\s\S]*host[\s\S]*none/],
  ['docker network create mynet', ID],
  ['docker run -d --name c1 --network mynet busybox sleep 1000', ID],
  [
    "docker inspect --format='{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' c1",
    /^\d+\.\d+\.\d+\.\d+$/,
  ],
  ["docker inspect --format='{{json .NetworkSettings.Networks}}' c1", /^\{"mynet":\{/],
  ['docker network inspect mynet', /"Subnet"[\s\S]*"MacAddress"/],
  ['docker run --rm --net=container:c1 busybox hostname', /^[0-9a-f]{12}$/],
  ['docker run --rm --net none busybox ip link', /lo:/],
  ['docker run --rm --network mynet busybox ping -c 1 c1', /1 packets received/],
  ['docker rm -f c1; docker network rm mynet', /^c1\nmynet$/],
  ['docker volume create --name mydata', /^mydata$/],
  ['docker run --rm -v mydata:/opt/data busybox touch /opt/data/kept', /^$/],
  ['docker volume ls', /mydata/],
  ['docker volume inspect mydata', /"Name": "mydata"/],
  ['docker create -v /dbdata --name dbstore busybox true', ID],
  [
    'docker run --rm --volumes-from dbstore -v $(pwd):/backup debian tar cvf /backup/backup.tar /dbdata',
    // What it says on its standard error may come before, after, or in front of it in the same line.
    /\/dbdata\/$/m,
  ],
  [
    'echo host >host.txt; docker run --rm -v $(pwd)/host.txt:/f:ro busybox sh -c "cat /f; echo x >/f"',
    /^(?=[\s\S]*^host$)[\s\S]*[Rr]ead-only/m,
    1,
  ],
  ["docker inspect -f '{{range .Mounts}}{{.Destination}}{{end}}' dbstore", /^\/dbdata$/],
  ['docker rm -v dbstore', /^dbstore$/],
  ['docker volume rm $(docker volume ls -q)', /^mydata$/m],
];

const SECURITY: readonly Line[] = [
  ['docker run --rm --privileged busybox grep CapEff /proc/self/status', /000001ff/],
  ['docker run --rm --cap-add=NET_ADMIN busybox ip link set lo down', /^$/],
  ['docker run --rm --cap-drop=CHOWN busybox chown nobody /etc/passwd', /not permitted/, 1],
  [
    'docker run --rm --cap-add=ALL --cap-drop=MKNOD busybox grep CapEff /proc/self/status',
    /000001fff7ffffff/,
  ],
  ['docker run --rm --device /dev/fuse busybox ls /dev/fuse', /^\/dev\/fuse$/],
  ['docker run --rm --security-opt no-new-privileges busybox grep NoNewPrivs /proc/self/status', /1$/],
  ['docker run --rm --read-only busybox touch /x', /Read-only file system/, 1],
  ['docker run --rm -m 64m --cpus 0.5 -c 512 --cpuset-cpus 0 busybox echo limited', /limited$/],
  ['docker run --rm --pid host busybox ps', /init|systemd|PID/],
  ['docker run --rm --ulimit nofile=64 busybox sh -c "ulimit -n"', /^64$/],
];

const SECTIONS = { FIRST_STEPS, LIFE, CHANGES, SHARING, SECURITY };

describe('a course on Docker', () => {
  let user: TestUser;
  let home: string;
  beforeAll(async () => {
    user = asUser('wuser');
    home = path.join(user.root, 'course');
    await user.run('mkdir', [home]);
    const made = await user.run('sh', [
      '-c',
      `set -e; for image in busybox debian:bookworm; do "$0" pull -q localhost:5000/$image; "$0" tag localhost:5000/$image \${image%:*}; done`,
      user.program,
    ]);
    expect(made.exitCode, made.stderr).toBe(0);
  });
  afterAll(() => user.cleanup());

  it.each(Object.entries(SECTIONS))('works word for word: %s', { timeout: 400_000 }, async (_, lines) => {
    const mark = '=-=-=';
    const script = lines.map(
      ([line]) =>
        `echo '${mark}'; { ${line.replace(/\bdocker\b/g, 'wherry')}\n} 2>&1 </dev/null; echo "${mark} $?"`,
    );
    const file = path.join(home, 'script');
    // Also what a section left that was broken off.
    const sweep = 'wherry rm -f $(wherry ps -aq); wherry network prune -f; wherry volume prune -af';
    writeFileSync(file, [`{ ${sweep}; } >/dev/null 2>&1`, ...script].join('\n'));
    // Into a file: nobody who shares a pipe can hold it up, or have it full.
    const out = path.join(home, 'out');
    await user.run('bash', ['-c', 'exec bash "$0" >"$1"', file, out], {
      cwd: home,
      timeoutMs: 390_000,
      env: { PATH: `${path.dirname(user.program)}:/usr/local/bin:/usr/bin:/bin` },
    });
    const answers = readFileSync(out, 'utf8').split(`${mark}\n`).slice(1);
    const told = lines.map(([line, prints = /^/, status = 0], index) => {
      const [, text = '', code = ''] =
        new RegExp(`^([\\s\\S]*?)\\n?${mark} (\\d+)\\n$`).exec(answers[index] ?? '') ?? [];
      const clean = text.replaceAll('\r', '');
      return prints.test(clean) && Number(code) === status ? '' : `${line}\n  ${code}: ${clean}`;
    });
    expect(told.filter((each) => each !== '').join('\n')).toBe('');
  });
});
