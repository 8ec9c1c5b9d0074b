import { expect, test } from 'vitest';
import type { ContainerContext } from '../../src/container/context.ts';
import { type KeptAnswers, keptLog, keptMount, keptReading, keptRoot } from '../../src/container/kept.ts';
import type { OpenRequest, Reading, Step } from '../../src/plugin/contract.ts';
import { State } from './state.ts';

const ID = 'a'.repeat(64);
const SPEC = { storageDriver: 'overlay', logDriver: 'json-file' };

/** As far as it is asked: the table, and where the roots are. */
function contextOf(state: State): ContainerContext {
  const paths = {
    layers: (driver: string) => `/state/storage/${driver}`,
    container: (id: string) => `/state/containers/${id}`,
    driver: (kind: string, name: string) => `/state/drivers/${kind}-${name}`,
  };
  return { table: state.table, store: { paths } } as unknown as ContainerContext;
}

const layers = (path: string) => ({ root: 'layers', path }) as const;
const target = { root: 'container', path: 'rootfs' } as const;
const overlay: Step = {
  do: {
    tag: 'overlay-mount',
    val: {
      lower: [layers('b/diff'), layers('a/diff')],
      upper: layers('c/diff'),
      work: layers('c/work'),
      target,
      options: [],
    },
  },
};
const bind: Step = {
  do: { tag: 'bind-mount', val: { source: layers('c/tree'), target, readOnly: false, recursive: true } },
};

function kept(answers: KeptAnswers | undefined): State {
  const state = new State();
  state.add();
  state.table.beginLaunch(ID, answers);
  return state;
}

test('the root is where its one mount was made', () => {
  const root = keptMount([overlay]);
  using state = kept(root && { root });
  expect(keptRoot(contextOf(state), ID, SPEC)).toEqual({
    kind: 'overlay',
    lower: ['/state/storage/overlay/b/diff', '/state/storage/overlay/a/diff'],
    upper: '/state/storage/overlay/c/diff',
    work: '/state/storage/overlay/c/work',
    mountpoint: `/state/containers/${ID}/rootfs`,
  });
  const tree = keptMount([bind]);
  state.table.beginLaunch(ID, tree && { root: tree });
  expect(keptRoot(contextOf(state), ID, { ...SPEC, storageDriver: 'vfs' })).toEqual({
    kind: 'directory',
    path: '/state/storage/vfs/c/tree',
  });
});

test('what takes more than a mount is not kept, and a start without answers forgets those before', () => {
  expect(keptMount([overlay, bind])).toBeUndefined();
  expect(keptMount([{ do: { tag: 'make-dir', val: { at: layers('x'), mode: 0o700 } } }])).toBeUndefined();
  const root = keptMount([overlay]);
  using state = kept(root && { root });
  state.table.beginLaunch(ID);
  expect(keptRoot(contextOf(state), ID, SPEC)).toBeUndefined();
  expect(keptLog(contextOf(state), ID, SPEC)).toBeUndefined();
});

test('a log is kept where the host can read it by itself', () => {
  const files = [{ root: 'container', path: `${ID}-json.log` } as const];
  const answering = (reading: Reading | Error) =>
    keptReading(
      {
        info: { name: 'json-file' },
        read: () => {
          if (reading instanceof Error) throw reading;
          return { value: reading, changes: new Map() };
        },
      } as unknown as Parameters<typeof keptReading>[0],
      {} as OpenRequest,
    );
  const log = answering({ tag: 'files', val: { files, framing: 'docker-json' } });
  using state = kept(log && { log });
  expect(keptLog(contextOf(state), ID, SPEC)).toEqual({
    paths: [`/state/containers/${ID}/${ID}-json.log`],
    framing: 'docker-json',
  });
  expect(answering({ tag: 'unreadable', val: 'it is elsewhere' })).toBeUndefined();
  expect(answering({ tag: 'parsed', val: files })).toBeUndefined();
  expect(answering(new Error('broken'))).toBeUndefined();
  const foreign = [{ root: 'host', path: 'var/log/x.log' } as const];
  expect(answering({ tag: 'files', val: { files: foreign, framing: 'docker-json' } })).toBeUndefined();
});
