import { expect, test } from 'vitest';
import { messageParts } from '../../src/log/message.ts';
import type { Framing } from '../../src/plugin/contract.ts';

const parts = (framing: Framing, attributes: Readonly<Record<string, string>>) =>
  messageParts(
    { framing, attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })) },
    'machine',
  );
const fields = (framing: Framing, attributes: Readonly<Record<string, string>>): string =>
  Buffer.from(parts(framing, attributes).fields).toString();

test('RFC 5424 carries what was chosen as structured data, and nothing else', () => {
  const own = { facility: '3', tag: 't', hostname: '', 'tls-ca': '/ca', 'tls-skip-verify': 'false' };
  expect(fields('syslog-rfc5424', own)).toBe('t -');
  expect(fields('syslog-rfc5424', { ...own, tier: 'a "b" [c] \\', 'odd =key]': 'x\ny' })).toBe(
    't [container@32473 tier="a \\"b\\" [c\\] \\\\" odd__key_="x y"]',
  );
  expect(fields('syslog-rfc3164', { ...own, tier: 'a' })).toBe('');
});

test('how messages go is in none of them', () => {
  const pace = {
    'delivery.messages': '8192',
    'delivery.retry-wait': '1000',
    'delivery.max-retries': '99999999999',
    'delivery.write-timeout': 'soon',
    'delivery.renewal': '0',
    'delivery.holds': 'true',
    'delivery.acknowledged': 'yes',
  };
  for (const framing of ['gelf', 'fluentd', 'journald', 'syslog-rfc5424'] as const) {
    expect(fields(framing, { ...pace, tag: 't' })).not.toMatch(/delivery/i);
  }
  expect(parts('fluentd', { ...pace, tag: 't', a: 'b' })).toMatchObject({ number: 1 });
  expect(parts('gelf', pace).pace).toEqual({
    messages: 8192,
    retryWait: 1000,
    maxRetries: 2 ** 32 - 1,
    holds: true,
  });
  expect(parts('gelf', {}).pace).toEqual({});
});
