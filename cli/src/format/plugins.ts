import type { PluginSummary } from '@wherry/core/api';
import type { ListFormat } from './list.ts';

type Permission = PluginSummary['info']['permissions'][number];

/** Docker's columns of `plugin ls`, with the kind and version in the place of whether it is enabled, which all are. */
export const PLUGIN_LIST: ListFormat<PluginSummary> = {
  columns: ['ID', 'Name', 'Kind', 'Version', 'Description'],
  headers: { ID: 'ID', Name: 'NAME', Kind: 'KIND', Version: 'VERSION', Description: 'DESCRIPTION' },
  fields: ({ digest, info: { name, kind, version, summary } }) => ({
    ID: digest.replace('sha256:', '').slice(0, 12),
    Name: name,
    Kind: kind,
    Version: version,
    Description: summary,
  }),
};

/** What `plugin inspect` shows. */
export function inspectedPlugin({
  digest,
  contract,
  installed,
  info,
}: PluginSummary): Record<string, unknown> {
  return {
    Id: digest,
    Name: info.name,
    Kind: info.kind,
    Version: info.version,
    Description: info.summary,
    Contract: contract,
    Installed: installed,
    Permissions: info.permissions.map(permissionText),
    Options: info.options.map(({ name, kind, default: value, help }) => ({
      Name: name,
      Type: kind,
      Default: value,
      Description: help,
    })),
  };
}

/** A permission in the words of the question before an installation. */
export function permissionText(permission: Permission): string {
  switch (permission.tag) {
    case 'host-path':
      return `files: [${permission.val}]`;
    case 'helper-program':
      return `program: [${permission.val}]`;
    case 'connect':
      return `connect: [${permission.val}]`;
    case 'host-network':
      return 'network: [host]';
    case 'block-device':
      return 'mount: [block device, FUSE]';
  }
}
