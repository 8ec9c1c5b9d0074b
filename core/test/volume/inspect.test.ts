import { expect, it } from 'vitest';
import { inspectMounts } from '../../src/volume/inspect.ts';
import { mergeMounts } from '../../src/volume/merge.ts';
import { parseMountFlag } from '../../src/volume/mount-flag.ts';
import { parseTmpfsFlag } from '../../src/volume/tmpfs.ts';
import { parseVolumeFlag } from '../../src/volume/volume-flag.ts';

it('shows mounts with the names and values of Docker', () => {
  const { mounts } = mergeMounts({
    asked: [
      parseVolumeFlag('mydata:/opt/data', '/'),
      parseVolumeFlag('/srv:/web:ro', '/'),
      parseMountFlag('type=tmpfs,dst=/cache', '/'),
      parseTmpfsFlag('/run'),
    ],
    imageVolumes: ['/db'],
    inherited: [],
    newName: () => 'abc',
    resolveImage: () => ({ imageId: '', topLayer: undefined }),
  });
  const shown = inspectMounts(mounts, (name) => `/v/${name}/_data`);
  expect(shown).toEqual([
    { Type: 'bind', Source: '/srv', Destination: '/web', Mode: 'ro', RW: false, Propagation: 'rprivate' },
    { Type: 'tmpfs', Source: '', Destination: '/cache', Mode: '', RW: true, Propagation: '' },
    {
      Type: 'volume',
      Name: 'abc',
      Source: '/v/abc/_data',
      Destination: '/db',
      Driver: 'local',
      Mode: '',
      RW: true,
      Propagation: '',
    },
    {
      Type: 'volume',
      Name: 'mydata',
      Source: '/v/mydata/_data',
      Destination: '/opt/data',
      Driver: 'local',
      Mode: 'z',
      RW: true,
      Propagation: '',
    },
  ]);
});
