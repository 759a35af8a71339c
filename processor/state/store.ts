import type { ChangelogRecord } from '../record.ts'

/** One key's state as `TestDriver.state()` shows it. */
export interface StoredEntry {
  readonly key: unknown
  readonly state: unknown
  /** Start of the window, for windowed state. */
  readonly windowStart: number | undefined
}

/**
 * State of one operator in one task: live in memory, written to a changelog topic at each commit as far as it changed.
 * Changelog keys begin with a byte that says what they are.
 */
export interface Store {
  readonly name: string
  /** Entries kept. */
  readonly size: number
  entries(): Iterable<StoredEntry>
  /** What has changed since the last call: notes about the store first, then its entries. */
  flush(): ChangelogRecord[]
  /** Takes a changelog record, oldest first, before any input. Throws when it cannot be read. */
  restore(key: Buffer, value: Buffer | null): void
  /** All of the changelog was taken. */
  restored(): void
}

/** First byte of a changelog key. */
export const ENTRY = 1
export const NOTE = 0
