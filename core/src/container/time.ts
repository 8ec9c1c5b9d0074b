/** Now, in RFC 3339 with nine digits after the point, so that times compare as strings. */
export function timestamp(): string {
  return new Date().toISOString().replace('Z', '000000Z');
}
