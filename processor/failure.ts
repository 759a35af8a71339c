import type { ErrorPlace } from './errors.ts'

/** What failed, for an error handler. */
export interface Failure extends ErrorPlace {
  /** Reading a record, running a function of the topology, writing a result, or loading a model. */
  readonly stage: 'decode' | 'process' | 'encode' | 'model'
  readonly error: unknown
}

/** Whether a failure stops the app or is skipped and counted. */
export type ErrorPolicy = 'fail' | 'skip' | ((failure: Failure) => 'fail' | 'skip')

/** A result that its serde would not write; `cause` is what the serde threw. */
export class EncodeFailure extends Error {}
