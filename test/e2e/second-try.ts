import { beforeEach } from 'vitest';
import { TestUser } from '../support/user.ts';

const KINDS = [
  { list: ['ps', '-aq'], inspect: ['inspect', '-f', '{{.Id}} {{.Created}}'], remove: ['rm', '-fv'] },
  {
    list: ['volume', 'ls', '-q'],
    inspect: ['volume', 'inspect', '-f', '{{.Name}} {{.CreatedAt}}'],
    remove: ['volume', 'rm', '-f'],
  },
  {
    list: ['network', 'ls', '-q'],
    inspect: ['network', 'inspect', '-f', '{{.Name}} {{.Created}}'],
    remove: ['network', 'rm', '-f'],
  },
] as const;

let began = 0;

// A second try begins without the containers, volumes and networks that the first one left: else it fails for a name that is taken.
beforeEach(async ({ task }) => {
  if ((task.result?.retryCount ?? 0) === 0) began = Date.now();
  else for (const user of TestUser.all) for (const kind of KINDS) await removeNew(user, kind);
});

async function removeNew(user: TestUser, { list, inspect, remove }: (typeof KINDS)[number]): Promise<void> {
  const names = (await user.wherry(list)).stdout.split('\n').filter(Boolean);
  if (names.length === 0) return;
  const rows = (await user.wherry([...inspect, ...names])).stdout.split('\n').map((line) => line.split(' '));
  // To the second below: so are the times that are told of some.
  const fresh = rows.filter(([, created = '']) => Date.parse(created) >= Math.floor(began / 1000) * 1000);
  for (const [name = ''] of fresh) await user.wherry([...remove, name]);
}
