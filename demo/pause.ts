import { setTimeout as sleep } from 'node:timers/promises'

/** Waits; rejects as soon as the signal fires. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal })
}
