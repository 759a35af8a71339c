/** What `record.main.ts` stores of each scenario. */

/** Content by file name, base64. */
export type FixtureFiles = Readonly<Record<string, string>>

/** One cleaning by Kafka. */
export interface FixtureStage {
  /** Of `cleaner-offset-checkpoint` before it; -1 = none. */
  readonly cleanedTo: number
  readonly cleanedToAfter: number
  /** Kafka's clock at the cleaning. */
  readonly nowMs: number
  readonly before: FixtureFiles
  readonly after: FixtureFiles
}

export interface CompactionFixture {
  readonly name: string
  readonly deleteRetentionMs: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly stages: readonly FixtureStage[]
}
