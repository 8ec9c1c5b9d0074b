import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A machine that Wherry runs on and another one beside it: network namespaces with a cable between them. */
export interface TwoMachines {
  /** Path of the namespace that Wherry is to be started in. */
  readonly namespace: string;
  readonly here: Addresses;
  readonly there: Addresses;
  /** Runs a command on one of them, as root, to its end; answers with its output. Throws when it fails. */
  readonly on: (machine: 'here' | 'there', ...command: readonly string[]) => string;
  /** Starts a command on the other machine. It ends with the pair. */
  readonly serve: (...command: readonly string[]) => void;
  /** Ends both, with what runs on them. */
  readonly remove: () => void;
}

interface Addresses {
  readonly v4: string;
  readonly v6: string;
}

const HERE: Addresses = { v4: '198.51.100.1', v6: '2001:db8:77::1' };
const THERE: Addresses = { v4: '198.51.100.2', v6: '2001:db8:77::2' };

/** Needs root. Each has its default route, IPv4 and IPv6, through the other; addresses are those for documentation. */
export async function twoMachines(): Promise<TwoMachines> {
  const machine = async () => {
    const child = spawn('unshare', ['--net', 'sh', '-c', 'echo up; exec sleep 3600'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  };
  const [here, there] = [await machine(), await machine()];
  const inside = (pid: number | undefined, command: readonly string[]): readonly string[] => [
    '-t',
    String(pid),
    '-n',
    ...command,
  ];
  const on = (which: 'here' | 'there', ...command: readonly string[]): string =>
    execFileSync('nsenter', inside(which === 'here' ? here.pid : there.pid, command), {
      encoding: 'utf8',
      timeout: 20_000,
      // Not the caller's: it may name a proxy.
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const plug = ({ v4, v6 }: Addresses, other: Addresses): string => `
    ip link set lo up; ip addr add ${v4}/24 dev cable; ip addr add ${v6}/64 dev cable nodad; ip link set cable up
    ip route add default via ${other.v4}; ip -6 route add default via ${other.v6} dev cable
    echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range`;
  on(
    'here',
    'ip',
    'link',
    'add',
    'cable',
    'type',
    'veth',
    'peer',
    'name',
    'cable',
    'netns',
    String(there.pid),
  );
  on('here', 'sh', '-ec', plug(HERE, THERE));
  on('there', 'sh', '-ec', plug(THERE, HERE));
  const servers: ReturnType<typeof spawn>[] = [];
  return {
    namespace: `/proc/${here.pid}/ns/net`,
    here: HERE,
    there: THERE,
    on,
    serve: (...command) => servers.push(spawn('nsenter', inside(there.pid, command), { stdio: 'ignore' })),
    remove: () => {
      for (const child of [...servers, here, there]) child.kill('SIGKILL');
    },
  };
}
