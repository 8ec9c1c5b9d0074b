import assert from 'node:assert/strict';
import type { DriverInfo, DriverKind, Facts, Fitness } from '../../core/src/plugin/contract.ts';
import type { Called } from '../../core/src/plugin/driver.ts';
import { type ContractCase, FACTS } from './subject.ts';

interface AnyDriver {
  describe(): Called<DriverInfo>;
  probe(facts: Facts): Called<Fitness>;
}

/** What drivers of every kind have to do. */
export function commonCases(kind: DriverKind): ContractCase<AnyDriver>[] {
  return [
    {
      name: 'describe tells its kind, a name that can be typed, a semantic version, and always the same',
      run: ({ driver }) => {
        const info = driver.describe().value;
        assert.equal(info.kind, kind);
        assert.match(info.name, /^[a-z][a-z0-9-]*$/);
        assert.match(info.version, /^\d+\.\d+\.\d+/);
        assert.notEqual(info.summary, '');
        assert.deepEqual(driver.describe().value, info);
      },
    },
    {
      name: 'describe explains each option, and lists none twice',
      run: ({ driver }) => {
        const { options } = driver.describe().value;
        for (const option of options) assert.notEqual(option.help, '');
        assert.equal(new Set(options.map((option) => option.name)).size, options.length);
      },
    },
    {
      name: 'probe gives a score and the reason for it',
      run: ({ driver }) => {
        const fitness = driver.probe(FACTS).value;
        assert.ok(fitness.score > 0, fitness.reason);
        assert.notEqual(fitness.reason, '');
      },
    },
    {
      name: 'describe and probe put nothing into the state',
      run: ({ driver }) => {
        assert.equal(driver.describe().changes.size, 0);
        assert.equal(driver.probe(FACTS).changes.size, 0);
      },
    },
  ];
}
