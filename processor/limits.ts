/** Every ceiling of the processor: unit in the name, reason beside it. What a user may change is an option. */

/** Characters of the watermarks noted beside a committed offset: Kafka's default `offset.metadata.max.bytes`. */
export const OFFSET_METADATA_LENGTH_MAX = 4096

/** Models kept for one `withModel` without a key; the oldest go first. The newest is used, the rest outlive its deletion. */
export const MODEL_VERSIONS_MAX = 64

/** Keys of models kept for one `withModel` with a key; further keys are refused and counted. */
export const MODEL_KEYS_MAX = 10_000

/** Partitions of a topic that is read: what a task index in a watermark record may be, far beyond what a group shares. */
export const TASKS_MAX = 10_000

/** Between looks at the wall clock: how late a wall-clock timer, a commit or a closing window on silent input may be. */
export const TICK_MS = 50

/** Between looks at whether silent partitions are silent because nothing is there: one request to each leader. */
export const SILENCE_CHECK_MS = 500

/** Between deletions of repartition records that are committed: they are never read again. */
export const PURGE_INTERVAL_MS = 30_000

/** Between heartbeats to the group: how long an instance may not know that another one has come or gone. */
export const HEARTBEAT_INTERVAL_MS = 1_000

/** Ticks after joining the group until an instance that was given no partition counts as started. */
export const UNASSIGNED_TICKS = 20
