import { Buffer } from 'node:buffer';
import type { Handover } from '../api.ts';
import type { ContainerContext } from './context.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { notFound } from './find.ts';
import type { AttachRequest } from './operations.ts';
import { requireRunning } from './running.ts';

/** How the caller becomes a further client of a container. @throws WherryError `E_CONTAINER_NOT_RUNNING`, `E_DETACH_KEYS` */
export function prepareAttach(context: ContainerContext, id: string, request: AttachRequest): Handover {
  const spec = context.table.spec(id);
  if (spec === undefined) throw notFound(id);
  requireRunning(context, id);
  const { stdin, sigProxy, detachKeys } = request;
  // The launcher leaves signals alone where there is a terminal, whose keys make them.
  const proxy = sigProxy && !spec.tty;
  return {
    file: context.launcher(),
    args: [
      'attach',
      context.store.paths.container(id),
      ...(stdin && spec.interactive ? [] : ['--no-stdin']),
      ...(detachKeys === undefined
        ? []
        : ['--detach-keys', Buffer.from(parseDetachKeys(detachKeys)).toString('hex')]),
      '--sig-proxy',
      proxy ? '1' : '0',
    ],
    env: {},
  };
}
