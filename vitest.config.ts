import { defineConfig } from 'vitest/config';

// unit: no kernel, no network, no other user. e2e: real containers, run by the ordinary users of the test machine.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // So long only on a machine with far more to do than it can: no test waits for this time when all is well.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          include: [
            'core/test/**/*.test.ts',
            'cli/test/**/*.test.ts',
            'plugins/*/test/**/*.test.ts',
            'launcher/test/**/*.test.ts',
            'test/contract/**/*.test.ts',
            'test/support/**/*.test.ts',
            'test/machine/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: 'test/e2e/setup.ts',
          setupFiles: 'test/e2e/second-try.ts',
          // Limits for what hangs: on a machine with far more to do than it can, nothing else comes near them.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          expect: { poll: { timeout: 60_000, interval: 50 } },
          // One file at a time: they share a registry, two users and two cores.
          maxWorkers: 1,
          // Real processes on a machine that may be busy: the summary names each test that needed its second try.
          retry: 1,
        },
      },
    ],
  },
});
