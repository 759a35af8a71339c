/** The IoT demo, as the command line runs it. */
export type { DemoOptions } from './options.ts'
export { runDemo } from './run.ts'
export type { DemoModel, DemoProgress, DemoSummary, Detection } from './summary.ts'
