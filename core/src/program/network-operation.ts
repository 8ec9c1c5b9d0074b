/** Network operations of a launch program, as launcher/PROGRAM.md describes them. */

/** In the container's network namespace, or in the one that a user's bridges share. */
export type NetworkPlace = 'container' | 'shared';

export type HelperReadiness = 'descriptor' | 'exits' | 'path';

/** A program of the host that has to do with a network namespace. */
interface HelperProgram {
  /** Absolute path. */
  readonly program: string;
  readonly readiness: HelperReadiness;
  /** Absolute path, for readiness `path`. */
  readonly readyPath?: string;
  readonly arguments: readonly string[];
}

/** In `prepare`: by the monitor, in the host's network namespace. */
export type NetworkPreparation =
  /** Uses the shared namespace, kept by a process of its own, as long as the monitor lives. Others in `prepare` come after it. */
  | {
      readonly op: 'shared-network';
      /** The run-time directory: the keeper's socket, and the file `names` that it answers DNS questions from. */
      readonly directory: string;
      /** Seconds that the namespace outlives its last user. */
      readonly linger: number;
    }
  /**
   * A program of the host: run once for the shared namespace by its keeper, or for this container at each of its starts.
   * `{netns}`, `{pid}`, `{runtime}`, `{ready-fd}` and `{ready-path}` in arguments are replaced.
   */
  | (HelperProgram & { readonly op: 'container-helper' })
  | (HelperProgram & {
      readonly op: 'shared-helper';
      /** Whose place it takes in the shared namespace: one that runs there already stays, whatever its arguments. */
      readonly slot: string;
    })
  /** Listens on the host; the attendant carries what comes in to the container. */
  | {
      readonly op: 'forward';
      readonly protocol: 'tcp' | 'udp';
      /** Empty for all addresses. */
      readonly hostIp: string;
      /** 0 for a free port. */
      readonly hostPort: number;
      /** Undefined for a port that a helper carries: it is made sure of that it is free. */
      readonly containerIp?: string;
      readonly containerPort: number;
    }
  /**
   * Starts the process that carries ports and keeps helpers; the last one of the network. Leaves the file `ports` in
   * `directory`, with a line for each: protocol, host address or `*`, host port, container port.
   */
  | { readonly op: 'attendant'; readonly runtime: string; readonly directory: string };

/** In `container`: collected, and carried out together by `network-apply`. */
export type LinkOperation =
  | {
      readonly op: 'link-add';
      readonly place: NetworkPlace;
      readonly name: string;
      readonly kind:
        | { readonly type: 'bridge' | 'tap' }
        | { readonly type: 'veth'; readonly peer: string; readonly peerPlace: NetworkPlace }
        | { readonly type: 'macvlan'; readonly parent: string }
        | { readonly type: 'vlan'; readonly parent: string; readonly id: number };
      /** 0 for the kernel's choice. */
      readonly mtu: number;
      readonly mac?: string;
    }
  | {
      readonly op: 'link-set';
      readonly place: NetworkPlace;
      readonly name: string;
      readonly up: boolean;
      readonly master?: string;
      readonly rename?: string;
    }
  | { readonly op: 'link-remove'; readonly place: NetworkPlace; readonly name: string }
  | {
      readonly op: 'addr-add';
      readonly place: NetworkPlace;
      readonly link: string;
      readonly address: string;
    }
  | {
      readonly op: 'route-add';
      readonly place: NetworkPlace;
      readonly destination: string;
      readonly gateway?: string;
      readonly link?: string;
    }
  | {
      readonly op: 'net-sysctl';
      readonly place: NetworkPlace;
      readonly key: string;
      readonly value: string;
    }
  /** In place of a rule with the same id. */
  | {
      readonly op: 'firewall-add';
      readonly place: NetworkPlace;
      readonly id: string;
      readonly rule:
        | { readonly type: 'masquerade'; readonly subnet: string; readonly outLinkNot: string }
        | {
            readonly type: 'destination-nat';
            readonly protocol: 'tcp' | 'udp' | 'sctp';
            readonly hostIp: string;
            readonly hostPort: number;
            readonly toIp: string;
            readonly toPort: number;
          }
        | { readonly type: 'isolate'; readonly fromLink: string; readonly toLink: string };
    }
  | { readonly op: 'firewall-remove'; readonly place: NetworkPlace; readonly id: string };

export type NetworkOperation =
  | LinkOperation
  /** What takes the operation before it back when a later one of the same `network-apply` fails. */
  | { readonly op: 'network-undo'; readonly operation: LinkOperation }
  | {
      readonly op: 'network-apply';
      /** A link of the shared namespace whose being up makes all that was collected needless. */
      readonly unlessUp?: string;
      /** Goes on past failures. */
      readonly tolerant: boolean;
    }
  /** Hands the namespace to the attendant; waits for helpers. */
  | { readonly op: 'network-ready' };
