import { timestamp } from '../container/time.ts';
import { WherryError } from '../errors/error.ts';
import { parseReference, withDefaultTag } from '../reference/reference.ts';
import { findImage } from './find.ts';
import type { ImageTable } from './table.ts';

/**
 * Has one more name refer to an image; a name that referred to another one is taken away from that.
 * @throws WherryError `E_IMAGE_NOT_FOUND`, `E_IMAGE_AMBIGUOUS`, `E_INVALID_REFERENCE`
 */
export function tagImage(table: ImageTable, source: string, target: string): void {
  const reference = withDefaultTag(parseReference(target));
  if (reference.digest !== undefined) {
    throw new WherryError('refusing to create a tag with a digest reference', {
      code: 'E_INVALID_REFERENCE',
      hint: 'Leave away what begins with @: a digest belongs to the image, and no other name can have it.',
    });
  }
  const { image, name } = findImage(table, source);
  table.tag(reference, name?.digest ?? image.manifest, image.id);
  table.noteTagged(image.id, timestamp());
}
