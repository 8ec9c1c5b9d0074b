import type { AskedMount } from './mount-options.ts';
import type { BindRequest, ImageRequest, TmpfsRequest } from './request.ts';

/** What is mounted into a container from outside its root, as its record keeps it. */
export type Mount = BindRequest | VolumeMount | TmpfsRequest | ImageMount;

export interface VolumeMount {
  readonly kind: 'volume';
  readonly name: string;
  /** Nobody named it, and `rm -v` or `--rm` of its last container removes it. */
  readonly anonymous: boolean;
  readonly target: string;
  readonly readOnly: boolean;
  /** Whether the image's content at the target is copied into the volume while that is empty. */
  readonly copyUp: boolean;
  readonly chown: boolean;
  readonly mode: string;
  readonly subpath?: string;
  readonly asked?: AskedMount;
}

export interface ImageMount extends ImageRequest {
  readonly imageId: string;
  /** Chain id of its top layer; undefined for an image without layers. */
  readonly topLayer: string | undefined;
}
