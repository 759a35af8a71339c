/** The public surface of `millrace/processor`. */
export { App, type AppOptions } from './app.ts'
export type { Duration } from './duration.ts'
export { type ErrorPlace, PROCESSOR_ERRORS, ProcessorError, type ProcessorErrorCode } from './errors.ts'
export type { ErrorPolicy, Failure } from './failure.ts'
export type { ModelVersion, Pane, RecordContext, RecordHeader, Window, WindowContext } from './record.ts'
export {
  type AggregateOptions,
  type CountOptions,
  type GroupOptions,
  type ModelOptions,
  type ProcessContext,
  type ProcessOptions,
  type SinkOptions,
  type SinkTopic,
  type StreamOptions,
  type Timer,
  type Timers,
  type,
  type TypeTag,
  type WatermarkOptions,
  type WindowOptions,
} from './topology/options.ts'
export type { AppMetrics, RunnerState } from './runtime/metrics.ts'
export type { TaskMetrics } from './task/task.ts'
export {
  type DriverOptions,
  type DriverRecord,
  type PushRecord,
  type StateEntry,
  TestDriver,
  testDriver,
} from './testing/driver.ts'
export { KeyedStream, Stream, WindowedStream } from './topology/stream.ts'
export { type AccumulationMode, each, onTime, type OnTimeTrigger, type Trigger } from './triggers/trigger.ts'
export { type Assigner, hopping, type HoppingOptions, tumbling, type TumblingOptions } from './windows/assigner.ts'
