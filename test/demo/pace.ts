/** The demo's pace in tests: enough devices in every partition to tell silence, enough telemetry to train in seconds. */
export const CHILD_PACE = { devices: 60, rate: 3_000, retrainEveryMs: 1_500 } as const
