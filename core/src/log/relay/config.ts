/** What a relay is told: it takes a monitor's messages at a socket of this machine and passes them on by TLS. */
export interface RelayConfig {
  /** Where the monitor connects; made by the relay, and removed as soon as somebody is there. */
  readonly socket: string;
  /** The container's directory, for the fact `log-error`. */
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  /** Paths of PEM files: who is trusted instead of the system's authorities, the client's certificate and its key. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** A PEM file of authorities that are trusted besides the system's. */
  readonly authorities?: string;
  /** Whether the server's certificate is taken as it is. */
  readonly skipVerify: boolean;
  /** Given by who waits for it to listen; a monitor that starts it anew does not. */
  readonly tells: boolean;
}
