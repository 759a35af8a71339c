/** The command from its sources, for tests that start it as a process; never from a build that may be stale. */
process.env.UV_THREADPOOL_SIZE ??= '16'
const { main } = await import('../../cli/main.ts')
await main(process.argv.slice(2))
