import { describe, expect, it } from 'vitest';
import { CheckedPlan, checkPlan } from '../../src/plan/check.ts';
import { encodeFileOperations, encodePlan, encodeSink } from '../../src/plan/encode.ts';
import { FRAMINGS } from '../../src/plan/framings.ts';
import { grantsOf } from '../../src/plan/grants.ts';
import type { Location, Operation, Sink, Step } from '../../src/plugin/contract.ts';

const roots = { path: (root: string) => `/r/${root}` };
const at = (root: Location['root'], path: string): Location => ({ root, path });
const plan = (kind: 'storage' | 'network', ...operations: readonly (Operation | Step)[]) =>
  checkPlan({
    asker: { kind, driver: 'probe', request: 'mounts' },
    steps: operations.map((operation) => ('do' in operation ? operation : { do: operation })),
    grants: grantsOf([{ tag: 'host-path', val: '/srv' }]),
  });
const refused = expect.objectContaining({ code: 'E_PLAN_REFUSED' });
const makeDir: Operation = { tag: 'make-dir', val: { at: at('layers', 'c'), mode: 0o700 } };

describe('encodePlan', () => {
  it('turns locations into paths, mounts apart from files', () => {
    const overlay: Operation = {
      tag: 'overlay-mount',
      val: {
        lower: [at('layers', 'b'), at('host', 'srv/a')],
        upper: at('layers', 'c/up'),
        work: at('layers', 'c/work'),
        target: at('container', 'rootfs'),
        options: ['userxattr'],
      },
    };
    expect(encodePlan(plan('storage', makeDir, overlay), roots)).toEqual({
      prepare: [{ do: { op: 'make-dir', path: '/r/layers/c', mode: 0o700 } }],
      container: [
        {
          op: 'rootfs-overlay',
          mountpoint: '/r/container/rootfs',
          lower: ['/r/layers/b', '/srv/a'],
          upper: { upperdir: '/r/layers/c/up', workdir: '/r/layers/c/work' },
          options: ['userxattr'],
        },
      ],
    });
  });

  it('keeps the undo with its operation', () => {
    const undo: Operation = { tag: 'remove-tree', val: { at: at('layers', 'c') } };
    expect(encodePlan(plan('storage', { do: makeDir, undo }), roots).prepare).toEqual([
      {
        do: { op: 'make-dir', path: '/r/layers/c', mode: 0o700 },
        undo: [{ op: 'remove-tree', path: '/r/layers/c' }],
      },
    ]);
  });

  it('mounts below the root by the path inside', () => {
    const bind: Operation = {
      tag: 'bind-mount',
      val: {
        source: at('layers', 'x'),
        target: at('container', 'rootfs/opt/x'),
        readOnly: true,
        recursive: false,
      },
    };
    expect(encodePlan(plan('storage', bind), roots).container).toEqual([
      expect.objectContaining({ op: 'bind', source: '/r/layers/x', target: '/opt/x' }),
    ]);
  });

  it('brings the loopback up', () => {
    const up: Operation = {
      tag: 'link-set',
      val: { namespace: 'container', name: 'lo', up: true },
    };
    expect(encodePlan(plan('network', up), roots).container).toEqual([{ op: 'loopback-up' }]);
  });

  it('refuses what this launcher does not do, by name', () => {
    const route: Operation = {
      tag: 'firewall-remove',
      val: { namespace: 'container', id: 'x' },
    };
    expect(() => encodePlan(plan('network', route), roots)).toThrow(refused);
    expect(() => encodePlan(plan('network', route), roots)).toThrow(/operation 1 \(firewall-remove\)/);
  });

  it('takes no plan past the gate', () => {
    const forged = Object.assign(
      Object.create(CheckedPlan.prototype),
      plan('storage', makeDir),
    ) as CheckedPlan;
    expect(() => encodePlan(forged, roots)).toThrow(/never checked/);
  });
});

describe('encodeFileOperations', () => {
  it('refuses a mount where there is no container', () => {
    const bind: Operation = {
      tag: 'bind-mount',
      val: {
        source: at('layers', 'x'),
        target: at('container', 'rootfs'),
        readOnly: false,
        recursive: false,
      },
    };
    expect(() => encodeFileOperations(plan('storage', bind), roots)).toThrow(refused);
  });
});

describe('encodeSink', () => {
  const sinkPlan = (sink: Sink) =>
    checkPlan({
      asker: { kind: 'log', driver: 'probe', request: 'open' },
      steps: [],
      sink,
      grants: grantsOf([{ tag: 'connect', val: '*' }]),
      framings: FRAMINGS,
    });
  const delivery = { nonBlocking: true, buffer: 4096 };
  const file = {
    at: at('container', 'x.log'),
    framing: 'docker-json',
    maxSize: '1000',
    maxFiles: 2,
    compress: false,
    attributes: [{ key: 'tag', value: 'a"b' }],
  } as const;

  it('says where output goes', () => {
    expect(encodeSink(sinkPlan({ tag: 'file', val: file }), roots, delivery, '/run/relay')).toEqual([
      {
        op: 'log-file',
        path: '/r/container/x.log',
        framing: 'docker-json',
        maxSize: 1000,
        maxFiles: 2,
        compress: false,
        attributes: '{"tag":"a\\"b"}',
      },
    ]);
  });
  it('has none for output that is not kept', () => {
    expect(encodeSink(sinkPlan({ tag: 'none' }), roots, delivery, '/run/relay')).toEqual([]);
  });
  it('says to whom messages go, and what happens when they stall', () => {
    const sink = { address: 'tcp:logs:24224', framing: 'fluentd', attributes: [], required: true } as const;
    expect(encodeSink(sinkPlan({ tag: 'socket', val: sink }), roots, delivery, '/run/relay')).toMatchObject([
      {
        op: 'log-socket',
        address: 'tcp:logs:24224',
        framing: 'fluentd',
        required: true,
        nonBlocking: true,
        buffer: 4096,
      },
    ]);
  });
  it('sends what goes by TLS to the relay, and needs it', () => {
    const framing = 'syslog-rfc5424' as const;
    const sink = { address: 'tls:logs:6514', framing, attributes: [], required: false };
    expect(encodeSink(sinkPlan({ tag: 'socket', val: sink }), roots, delivery, '/run/relay')).toMatchObject([
      { op: 'log-socket', address: 'unix:/run/relay', required: true },
    ]);
  });
  it('sends what a driver writes by itself to the process that runs it', () => {
    expect(encodeSink(sinkPlan({ tag: 'driver' }), roots, delivery, '/run/relay')).toMatchObject([
      { op: 'log-socket', address: 'unix:/run/relay', framing: 'binary', required: true, buffer: 4096 },
    ]);
  });
  it.each([
    { tag: 'file', val: { ...file, framing: 'gelf' } },
    { tag: 'socket', val: { address: 'tcp:h:1', framing: 'cri', attributes: [], required: true } },
    { tag: 'socket', val: { address: 'tls:h:1', framing: 'gelf', attributes: [], required: true } },
  ] as readonly Sink[])('refuses $tag where the launcher cannot do it', (sink) => {
    expect(() => encodeSink(sinkPlan(sink), roots, delivery, '/run/relay')).toThrow(refused);
  });
});
