import { stateGet, statePut, stateRemove } from '@wherry/sdk-assemblyscript/guest/host.ts';
import { Attachment } from '@wherry/sdk-assemblyscript/guest/types.ts';

function key(network: string, container: string, interfaceName: string): string {
  return `attached/${network}/${container}/${interfaceName}`;
}

/** One field a line, lists separated by spaces. */
export function keep(network: string, container: string, attachment: Attachment): void {
  const mac = attachment.mac;
  const lines: string[] = [
    attachment.addresses.join(' '),
    mac === null ? '' : mac,
    attachment.gateways.join(' '),
    attachment.nameServers.join(' '),
  ];
  statePut(key(network, container, attachment.interfaceName), lines.join('\n'));
}

export function forget(network: string, container: string, interfaceName: string): void {
  stateRemove(key(network, container, interfaceName));
}

function words(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}

export function kept(network: string, container: string, interfaceName: string): Attachment | null {
  const text = stateGet(key(network, container, interfaceName));
  if (text === null) return null;
  const lines = text.split('\n');
  const attachment = new Attachment();
  attachment.interfaceName = interfaceName;
  attachment.addresses = words(lines[0]);
  attachment.mac = lines[1] === '' ? null : lines[1];
  attachment.gateways = words(lines[2]);
  attachment.nameServers = words(lines[3]);
  attachment.search = [];
  return attachment;
}
