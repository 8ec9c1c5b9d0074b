import { expect, it } from 'vitest';
import { endpointsOf, isLoopback } from '../../src/registry/host.ts';

it.each([
  ['docker.io', [], ['https://registry-1.docker.io true']],
  ['ghcr.io', [], ['https://ghcr.io true']],
  ['10.0.0.1:5000', [], ['https://10.0.0.1:5000 true']],
  ['10.0.0.1:5000', ['10.0.0.1:5000'], ['https://10.0.0.1:5000 false', 'http://10.0.0.1:5000 false']],
  ['10.0.0.1:5000', ['10.0.0.1'], ['https://10.0.0.1:5000 false', 'http://10.0.0.1:5000 false']],
  ['10.0.0.1:5000', ['10.0.0.2:5000'], ['https://10.0.0.1:5000 true']],
  ['localhost:5000', [], ['http://localhost:5000 false', 'https://localhost:5000 false']],
  ['[::1]:5000', [], ['http://[::1]:5000 false', 'https://[::1]:5000 false']],
])('ways to %s with %j as insecure', (domain, insecure, expected) => {
  expect(endpointsOf(domain, insecure).map(({ origin, verify }) => `${origin} ${verify}`)).toEqual(expected);
});

it.each([
  ['localhost', true],
  ['localhost:5000', true],
  ['registry.localhost:80', true],
  ['127.8.9.10:5000', true],
  ['[::1]', true],
  ['127.example.org', false],
  ['localhost.example.org', false],
  ['10.0.0.1', false],
])('%s is this machine: %s', (domain, expected) => {
  expect(isLoopback(domain)).toBe(expected);
});
