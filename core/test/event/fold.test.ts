import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventContext, foldEvents, recordContainerEvent, recordEvents } from '../../src/event/fold.ts';
import { followEvents } from '../../src/event/follow.ts';
import { EVENT_SCHEMA } from '../../src/event/schema.ts';
import { EventTable, KEPT_EVENTS } from '../../src/event/table.ts';
import { openStore, type Store } from '../../src/store/store.ts';

const ID = 'c'.repeat(64);
const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000000Z`;

let root: string;
let store: Store;
let context: EventContext;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wherry-events-'));
  store = openStore({ root, env: process.env, uid: process.getuid?.() ?? 0 }, [EVENT_SCHEMA]);
  mkdirSync(store.paths.events);
  const row = { image: 'busybox', name: 'box', labels: { a: 'b' } };
  const spec = { options: { health: { argv: ['probe', 'it'] } } };
  const table = { get: (id: string) => (id === ID ? row : undefined), spec: () => spec };
  context = { store, table } as unknown as EventContext;
});
afterEach(() => {
  store.database.close();
  rmSync(root, { recursive: true });
});

const tell = (slot: string, line: string, id = ID): void =>
  writeFileSync(join(store.paths.events, `${id}.${slot}`), `${line}\n`);
const actions = (): string[] => new EventTable(store.database).after(0).map(({ action }) => action);

describe('folding', () => {
  it('has what monitors told in the order of its times, with the container’s attributes', () => {
    tell('m2', `${at(3)} die 137 2`);
    tell('m0', `${at(1)} start`);
    tell('h0', `${at(2)} health_status healthy`);
    tell('m1', `${at(2)} oom`);
    foldEvents(context);
    const events = new EventTable(store.database).after(0);
    expect(events.map(({ action }) => action)).toEqual(['start', 'health_status: healthy', 'oom', 'die']);
    expect(events[3]).toMatchObject({
      type: 'container',
      actor: ID,
      time: at(3),
      attributes: { image: 'busybox', name: 'box', a: 'b', exitCode: '137', execDuration: '2' },
    });
    expect(readdirSync(store.paths.events)).toEqual([]);
  });

  it('counts a file once that is read twice, and a slot that is used again twice', () => {
    tell('m0', `${at(1)} start`);
    foldEvents(context);
    tell('m0', `${at(1)} start`);
    foldEvents(context);
    tell('m0', `${at(2)} start`);
    foldEvents(context);
    expect(actions()).toEqual(['start', 'start']);
  });

  it('knows a container that is gone by what was said of it at its creation', () => {
    const gone = 'd'.repeat(64);
    const attributes = { image: 'alpine', name: 'gone' };
    recordEvents(context, [{ type: 'container', action: 'create', actor: gone, attributes, time: at(0) }]);
    tell('m0', `${at(1)} destroy`, gone);
    foldEvents(context);
    expect(new EventTable(store.database).latestOf('container', gone)?.attributes).toEqual(attributes);
  });

  it('tells a removal once, by its last name, whoever is the quicker', () => {
    const gone = 'd'.repeat(64);
    const own = { type: 'container', actor: gone } as const;
    recordEvents(context, [
      { ...own, action: 'create', attributes: { image: 'alpine', name: 'gone' }, time: at(0) },
      { ...own, action: 'rename', attributes: { name: 'left', oldName: '/gone' }, time: at(1) },
    ]);
    tell('m0', `${at(2)} destroy`, gone);
    foldEvents(context);
    tell('m1', `${at(3)} destroy`, gone);
    foldEvents(context);
    expect(actions()).toEqual(['create', 'rename', 'destroy']);
    const last = new EventTable(store.database).latestOf('container', gone);
    expect(last?.attributes).toEqual({ image: 'alpine', name: 'left' });
  });

  it('has a probe’s command, and an exec’s', () => {
    recordContainerEvent(context, ID, 'exec_create: ls -l', { execID: 'e1' });
    tell('x.m0', `${at(1)} exec_start e1`);
    tell('h0', `${at(2)} probe e2`);
    tell('h1', `${at(3)} exec_die e2 1`);
    foldEvents(context);
    expect(actions().slice(0, 4)).toEqual([
      'exec_start: ls -l',
      'exec_create: probe it',
      'exec_start: probe it',
      'exec_die',
    ]);
  });

  it('tells of terminals, and of clients that leave them', () => {
    recordContainerEvent(context, ID, 'exec_create: sh', { execID: 'e1' });
    tell('w0', `${at(1)} resize 24 80`);
    tell('m0', `${at(2)} detach`);
    tell('x.m0', `${at(3)} exec_detach e1`);
    foldEvents(context);
    const events = new EventTable(store.database).after(0).filter(({ action }) => !/create/.test(action));
    expect(events.map(({ action, attributes }) => ({ action, ...attributes }))).toEqual([
      { action: 'resize', image: 'busybox', name: 'box', a: 'b', height: '24', width: '80' },
      { action: 'detach', image: 'busybox', name: 'box', a: 'b' },
      { action: 'exec_detach', image: 'busybox', name: 'box', a: 'b', execID: 'e1' },
    ]);
  });

  it('takes a container that has ended out of its networks and volumes', () => {
    const common = { container: ID, actor: 'n1', attributes: { name: 'net', container: ID } };
    recordEvents(context, [
      { ...common, type: 'network', action: 'connect', time: at(1) },
      { ...common, type: 'volume', action: 'mount', actor: 'v1', time: at(1) },
    ]);
    tell('m1', `${at(5)} ended`);
    foldEvents(context);
    tell('m2', `${at(6)} ended`);
    foldEvents(context);
    expect(actions().toSorted()).toEqual(['connect', 'disconnect', 'mount', 'unmount']);
  });

  it('passes over what is unfinished or of a later version', () => {
    tell('m0.77.tmp', 'half');
    tell('m1', `${at(1)} levitate high`);
    writeFileSync(join(store.paths.events, 'other'), 'x');
    foldEvents(context);
    expect(actions()).toEqual([]);
    expect(readdirSync(store.paths.events).toSorted()).toEqual([`${ID}.m0.77.tmp`, 'other']);
  });
});

it('keeps a bounded number', () => {
  const table = new EventTable(store.database);
  store.database.transaction(() => {
    for (let n = 0; n < KEPT_EVENTS + 600; n++) {
      table.insert({ type: 'image', action: 'pull', actor: String(n), attributes: {}, time: at(1) });
    }
  });
  const count = table.after(0).length;
  expect(count).toBeGreaterThanOrEqual(KEPT_EVENTS);
  expect(count).toBeLessThan(KEPT_EVENTS + 256);
  expect(table.after(0).at(-1)?.actor).toBe(String(KEPT_EVENTS + 599));
});

describe('following', () => {
  it('has the past between two times, and ends', async () => {
    const own = { type: 'image', action: 'pull', attributes: {} } as const;
    recordEvents(
      context,
      [1, 2, 3].map((second) => ({ ...own, actor: String(second), time: at(second) })),
    );
    const seen: string[] = [];
    const request = { since: '2026-01-01T00:00:02Z', until: at(3) };
    for await (const { actor } of followEvents(context, request)) seen.push(actor);
    expect(seen).toEqual(['2', '3']);
  });

  it('has what comes into a spool that was not there yet', async () => {
    rmSync(store.paths.events, { recursive: true });
    const ending = new AbortController();
    const events = followEvents(context, { signal: ending.signal });
    for (const second of [1, 2]) {
      const next = events.next();
      mkdirSync(store.paths.events, { recursive: true });
      tell('m0', `${at(second)} start`);
      expect((await next).value).toMatchObject({ action: 'start', time: at(second) });
    }
    ending.abort();
    expect((await events.next()).done).toBe(true);
  });

  it('has what comes, from a monitor and from another command, until it is told to end', async () => {
    const ending = new AbortController();
    const events = followEvents(context, { signal: ending.signal });
    const first = events.next();
    tell('m0', `${at(1)} start`);
    expect((await first).value).toMatchObject({ action: 'start' });
    const second = events.next();
    const other = openStore({ root, env: process.env, uid: process.getuid?.() ?? 0 }, [EVENT_SCHEMA]);
    new EventTable(other.database).insert({ type: 'image', action: 'pull', actor: 'x', attributes: {} });
    other.database.close();
    expect((await second).value).toMatchObject({ action: 'pull' });
    const third = events.next();
    ending.abort();
    expect((await third).done).toBe(true);
  });
});
