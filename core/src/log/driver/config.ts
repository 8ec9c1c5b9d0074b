/** What a process that runs a log driver's `write` is told: it takes a monitor's records at a socket of this machine. */
export interface DriverLogConfig {
  /** Where the monitor connects; made by the process, and removed as soon as somebody is there. */
  readonly socket: string;
  /** The container's directory: for the log file, and for the fact `log-loss`. */
  readonly directory: string;
  /** The state directory, where installed drivers and their states are. */
  readonly root: string;
  readonly driver: string;
  /** Full id. */
  readonly container: string;
  /** Given by who waits for it to listen; a monitor that starts it anew does not. */
  readonly tells: boolean;
}
