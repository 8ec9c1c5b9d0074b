import { findImage } from '../image/find.ts';
import { searchedImages } from '../image/searched.ts';
import type { ImageTable } from '../image/table.ts';
import type { Environment } from '../store/root.ts';
import type { NewEvent } from './event.ts';
import { type EventContext, recordEvents } from './fold.ts';

export interface ImageEvent {
  readonly action: string;
  /** As the user named it; `''` for what concerns many. */
  readonly name: string;
  /** Whether Docker names the image by its id, and not by this name. */
  readonly byId?: boolean;
  /** The id, of an image that may be gone by now. */
  readonly id?: string;
  /** Bytes, of a prune. */
  readonly reclaimed?: number;
}

/** Writes down what was done to images, after it was done. */
export function recordImageEvents(
  context: EventContext & { readonly env: Environment },
  events: readonly ImageEvent[],
): void {
  const table = searchedImages(context);
  recordEvents(
    context,
    events.map(({ action, name, byId = false, id, reclaimed }): NewEvent => {
      if (reclaimed !== undefined) {
        return { type: 'image', action, actor: '', attributes: { reclaimed: String(reclaimed) } };
      }
      return {
        type: 'image',
        action,
        actor: id ?? ((byId && idOf(table, name)) || name),
        attributes: { name },
      };
    }),
  );
}

function idOf(table: ImageTable, name: string): string | undefined {
  try {
    return findImage(table, name).image.id;
  } catch {
    // It has been removed or renamed meanwhile; it was here when it happened.
    return undefined;
  }
}
