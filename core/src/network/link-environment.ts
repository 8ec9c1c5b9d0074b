/** A container that another is linked to. */
export interface LinkTarget {
  readonly alias: string;
  /** Name of the container that has the link. */
  readonly owner: string;
  readonly address: string;
  /** `5432/tcp` */
  readonly exposed: readonly string[];
  /** `NAME=value`, of the target. */
  readonly env: readonly string[];
}

/** Variables that Docker leaves out, as every container has its own. */
const OWN = /^(?:PATH|HOME|HOSTNAME|TERM)=/;

/** The environment that `--link` brings along, as Docker's legacy links have it. */
export function linkEnvironment({ alias, owner, address, exposed, env }: LinkTarget): readonly string[] {
  const prefix = alias.replaceAll('-', '_').toUpperCase();
  const ports = exposed
    .map((port) => port.split('/'))
    .flatMap(([port = '', protocol = 'tcp']) => (protocol === 'sctp' ? [] : [{ port, protocol }]));
  const [first] = ports;
  return [
    ...(first === undefined ? [] : [`${prefix}_PORT=${first.protocol}://${address}:${first.port}`]),
    ...ports.flatMap(({ port, protocol }) => {
      const name = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
      return [
        `${name}=${protocol}://${address}:${port}`,
        `${name}_ADDR=${address}`,
        `${name}_PORT=${port}`,
        `${name}_PROTO=${protocol}`,
      ];
    }),
    `${prefix}_NAME=/${owner}/${alias}`,
    ...env
      .filter((entry) => entry.includes('=') && !OWN.test(entry))
      .map((entry) => `${prefix}_ENV_${entry}`),
  ];
}
