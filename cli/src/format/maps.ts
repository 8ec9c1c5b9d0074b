/** Fields of Docker's API that are maps, whose keys are anybody's: Go writes them in order, and one that isn't there is no mistake. */
export const MAPS: ReadonlySet<string> = new Set([
  ...['Annotations', 'Attributes', 'AuxiliaryAddresses', 'Containers', 'Data', 'DriverOpts', 'ExposedPorts'],
  ...['Labels', 'MirrorsByRegistry', 'Networks', 'Options', 'PortBindings', 'Ports', 'StorageOpt', 'Sysctls'],
  ...['Tmpfs', 'Volumes'],
]);

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function byKey(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** JSON as Go writes it: structs in their order, maps by key. @param indent columns */
export function orderedJson(value: unknown, indent?: number): string | undefined {
  return JSON.stringify(
    value,
    (name, each: unknown) => (MAPS.has(name) && isObject(each) ? byKey(each) : each),
    indent,
  );
}
