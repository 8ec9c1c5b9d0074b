/** `scheme://rest` of an address as Docker takes it; the scheme is "" when there is none. */
export function schemeOf(address: string): string {
  const end = address.indexOf('://');
  return end < 0 ? '' : address.slice(0, end);
}

/** A sink's address for `scheme://host:port` or `scheme:///path`; "" when it is none. A port of 0 has to be given. */
export function sinkAddress(address: string, port: i32): string {
  const scheme = schemeOf(address);
  const rest = scheme === '' ? address : address.slice(scheme.length + 3);
  if (scheme === 'unix' || scheme === 'unixgram') {
    return rest.startsWith('/') && rest.length > 1 ? `${scheme}:${rest}` : '';
  }
  const bracket = rest.lastIndexOf(']');
  const colon = rest.lastIndexOf(':');
  const hasPort = colon > bracket && (bracket > 0 || rest.indexOf(':') === colon);
  const host = hasPort ? rest.slice(0, colon) : rest;
  const wanted = hasPort ? rest.slice(colon + 1) : port.toString();
  if (host === '' || wanted === '0' || wanted === '' || host.includes('/') || !isPort(wanted)) return '';
  return `${scheme}:${host}:${wanted}`;
}

function isPort(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return text.length <= 5 && parseInt(text, 10) >= 1 && parseInt(text, 10) <= 65535;
}
