import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes: they begin first, so that no worker waits for them at the end. */
const LONG = [
  'test/soak/soak.test.ts',
  'test/soak/replug.test.ts',
  'test/e2e/kills.test.ts',
  'test/service/service.test.ts',
  'test/torture/torture.test.ts',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((name) => moduleId.endsWith(name));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  resolve: { alias: { '#crypto': fileURLToPath(new URL('daemon/proof/crypto/node.ts', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Most tests wait for devices, brokers and tokens more than they reckon: two cores bear three of them.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
