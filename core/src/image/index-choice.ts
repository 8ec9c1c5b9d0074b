import type { Descriptor } from './manifest.ts';
import { type Platform, selectPlatform } from './platform.ts';

/**
 * What of an index may be the image for a platform, the best first: the manifest that says it is; else those that say nothing of a
 * platform, of which each is an index of its own or an image that is alone. What BuildKit says of images (attestations) is none.
 * @param strict whether a 32-bit image won't do in the place of a 64-bit one
 */
export function candidatesOfIndex(
  wanted: Platform,
  manifests: readonly Descriptor[],
  strict: boolean,
): readonly Descriptor[] {
  const images = manifests.filter((each) => !isAttestation(each));
  const chosen = selectPlatform(wanted, images, ({ platform }) => platform, strict);
  return chosen === undefined ? images.filter(({ platform }) => platform === undefined) : [chosen];
}

/** Provenance and bills of material, by what BuildKit writes beside them (image attestation storage). */
export function isAttestation({
  platform,
  attestation,
}: Pick<Descriptor, 'platform' | 'attestation'>): boolean {
  return attestation === true || (platform?.os === 'unknown' && platform.architecture === 'unknown');
}
