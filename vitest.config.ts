import { configDefaults, defineConfig } from 'vitest/config'

/** Tests that start processes, clusters or browsers and look at what happens within seconds: they get the machine. */
const processes = ['chaos', 'conformance', 'e2e', 'interop', 'demo'].map((part) => `test/${part}/**/*.test.ts`)

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...processes],
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'processes', include: processes, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
    coverage: { provider: 'v8', include: ['proto/**', 'broker/**', 'client/**', 'processor/**', 'testing/**'] },
  },
})
