import type { CreateRequest } from '../api.ts';
import { adHocNetwork, portsByHelper } from '../network/builtin.ts';
import { commitNetworks } from '../network/draft.ts';
import { settlePorts } from '../network/port-check.ts';
import { explainPlan } from '../plan/explain.ts';
import type { Operation, Program } from '../program/operation.ts';
import type { ContainerContext } from './context.ts';
import { draftContainer } from './create.ts';
import { commitState } from './drivers.ts';
import { stepsToText } from './pending.ts';
import { launchProgram } from './program.ts';
import type { ContainerSpec } from './record.ts';
import { launchRequest } from './start.ts';
import { planStart, type StartPlan } from './start-plan.ts';
import { undone } from './undone.ts';

/** The checked plans of `create` and start, and the launch program made of them, as text. Writes nothing. */
export async function explainContainer(context: ContainerContext, request: CreateRequest): Promise<string> {
  const draft = await draftContainer(context, request, { rehearsal: true });
  const drivers = await context.drivers();
  const row = { ...draft.row, name: draft.row.name || 'NAME' };
  const pending = stepsToText(draft.plan.steps);
  // A helper has to be told of each port; else the launcher chooses the free ones.
  const asked = draft.spec.networking?.ports ?? [];
  const own = adHocNetwork(draft.spec.network);
  const networks = own === undefined ? draft.networks.places.map(({ network }) => network) : [own];
  const ports = networks.some(portsByHelper) ? await settlePorts(asked, 'chosen-now') : asked;
  const plan = undone(context, () => {
    context.table.insert(row, draft.spec, pending);
    commitNetworks(context, row.id, draft.networks);
    commitState(context.store, [draft.state]);
    return planStart(context, drivers, row, draft.spec, ports);
  });
  const options = { attach: { stdin: request.interactive, stdout: true, stderr: true } };
  const launch = await launchRequest(context, drivers, {
    row,
    spec: { ...draft.spec, autoRemove: false },
    plan,
    client: { kind: 'attached', options },
    pending,
  });
  const copies = await copiesText(context, draft.spec);
  return [...plans(draft.plan, plan), '', ...copies, ...programText(launchProgram(launch))]
    .join('\n')
    .concat('\n');
}

function plans(
  create: Parameters<typeof explainPlan>[0],
  { rootfs, networks, log }: StartPlan,
): readonly string[] {
  const network = networks.plans.flatMap((each) => [each.network, each.endpoint]);
  return [create, rootfs, ...network, log].flatMap((plan) => explainPlan(plan));
}

/** What is copied before, for a container with ids of its own. */
async function copiesText(context: ContainerContext, spec: ContainerSpec): Promise<readonly string[]> {
  if (spec.ids === undefined) return [];
  const { layersToCopy } = await import('./private-ids.ts');
  const layers = layersToCopy(context, spec);
  if (layers.length === 0) return [];
  return [
    'layers to be copied first, with the owners that they have for these ids:',
    ...layers.map((name) => `  ${name}`),
    '',
  ];
}

function programText({ settings, prepare, container }: Program): readonly string[] {
  return [
    'launch program, settings:',
    ...settings.map(operationLine),
    'prepare:',
    ...prepare.map((step) => operationLine(step.do)),
    'container:',
    ...container.map(operationLine),
  ];
}

function operationLine(operation: Operation): string {
  const { op, ...values } = operation;
  const words = Object.entries(values).flatMap(([name, value]) => {
    const text = valueText(value);
    return text === undefined ? [] : `${name}=${text}`;
  });
  return `  ${[op, ...words].join(' ')}`;
}

function valueText(value: unknown): string | undefined {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  if (typeof value === 'string') return /^[\w./:@=+,-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}
