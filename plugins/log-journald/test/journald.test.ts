import { expect, test } from 'vitest';
import { ID, logRequest, nativeLogDriver, socketOf } from '../../../test/contract/log-request.ts';

const driver = await nativeLogDriver(import.meta.dirname);
const open = (options: Readonly<Record<string, string>>) => socketOf(driver.open(logRequest(options)).value);

test('the journal gets Docker’s fields', () => {
  expect(open({ labels: 'tier', tag: '{{.Name}}' })).toEqual({
    address: 'unixgram:/run/systemd/journal/socket',
    framing: 'journald',
    required: true,
    attributes: {
      CONTAINER_ID: ID.slice(0, 12),
      CONTAINER_ID_FULL: ID,
      CONTAINER_NAME: 'web',
      CONTAINER_TAG: 'web',
      IMAGE_NAME: 'registry.example/app:1',
      SYSLOG_IDENTIFIER: 'web',
      tier: 'front',
    },
  });
});

test('the host reads it back from the journal', () => {
  expect(driver.read(logRequest({})).value).toEqual({
    tag: 'journal',
    val: [{ key: 'CONTAINER_ID_FULL', value: ID }],
  });
});
