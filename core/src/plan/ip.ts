/**
 * 4 or 6 when the text is an address of that family, else 0. What `isIP` of node:net answers for addresses without a zone;
 * to load node:net takes longer than all that `run` does with addresses.
 */
export function isIP(text: string): 0 | 4 | 6 {
  if (isIPv4(text)) return 4;
  // WHATWG's URL parser reads IPv6 addresses by RFC 4291, section 2.2.
  return text.includes(':') && /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`) ? 6 : 0;
}

/** Four decimal numbers without leading zeros. */
export function isIPv4(text: string): boolean {
  return (
    /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(text) && !/(^|\.)0\d/.test(text)
  );
}
