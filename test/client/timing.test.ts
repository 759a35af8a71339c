import { describe, expect, it } from 'vitest'
import { clientError } from '../../client/errors.ts'
import { abortable, backoffMs, onAbort, retrying, sleep } from '../../client/timing.ts'

const POLICY = { timeoutMs: 1_000, retryBackoffMs: 1, retryBackoffMaxMs: 2 }

describe('signals', () => {
  it('cost one listener however many wait for them', async () => {
    const abort = new AbortController()
    let listeners = 0
    const add = abort.signal.addEventListener.bind(abort.signal)
    abort.signal.addEventListener = ((...given: Parameters<typeof add>) => {
      listeners++
      add(...given)
    }) as typeof add
    const waits = Array.from({ length: 50 }, () => abortable(new Promise(() => undefined), abort.signal))
    const sleeps = Array.from({ length: 50 }, () => sleep(60_000, abort.signal))
    expect(listeners).toBe(1)
    abort.abort('over')
    for (const result of await Promise.allSettled([...waits, ...sleeps])) {
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'AbortError', cause: 'over' } })
    }
  })

  it('do not call back who is done', () => {
    const abort = new AbortController()
    const calls: string[] = []
    const forget = onAbort(abort.signal, () => void calls.push('first'))
    onAbort(abort.signal, () => void calls.push('second'))
    forget()
    abort.abort()
    expect(calls).toEqual(['second'])
  })

  it('that fired before end a wait at once, and results pass through', async () => {
    await expect(abortable(Promise.reject(new Error('x')), AbortSignal.abort('y'))).rejects.toMatchObject({
      cause: 'y',
    })
    await expect(sleep(0, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
    expect(await abortable(Promise.resolve(1), new AbortController().signal)).toBe(1)
    await expect(abortable(Promise.reject(new Error('own')), new AbortController().signal)).rejects.toThrow('own')
  })
})

describe('retries', () => {
  it('pauses double up to their maximum, give or take a fifth (KIP-580)', () => {
    for (const [attempt, base] of [
      [0, 100],
      [1, 200],
      [3, 800],
      [4, 1_000],
      [60, 1_000],
    ] as const) {
      for (let i = 0; i < 20; i++) {
        const pause = backoffMs(attempt, 100, 1_000)
        expect(pause).toBeGreaterThanOrEqual(base * 0.8)
        expect(pause).toBeLessThanOrEqual(base * 1.2)
      }
    }
  })

  it('go on while the failure may pass', async () => {
    let tries = 0
    const recovered: string[] = []
    const result = await retrying(
      POLICY,
      async () => {
        if (++tries < 3) throw clientError('CLIENT_CONNECTION')
        return 'done'
      },
      (error) => void recovered.push(error.code),
    )
    expect(result).toBe('done')
    expect(recovered).toEqual(['CLIENT_CONNECTION', 'CLIENT_CONNECTION'])
  })

  it('end with the last failure when it will not pass, is no error of ours, or time is up', async () => {
    let tries = 0
    const failing = (error: Error) => async () => {
      tries++
      throw error
    }
    await expect(retrying(POLICY, failing(clientError('CLIENT_CLOSED')))).rejects.toMatchObject({
      code: 'CLIENT_CLOSED',
    })
    await expect(retrying(POLICY, failing(new TypeError('a bug')))).rejects.toThrow('a bug')
    expect(tries).toBe(2)
    await expect(
      retrying({ ...POLICY, timeoutMs: 0 }, failing(clientError('CLIENT_CONNECTION'))),
    ).rejects.toMatchObject({ code: 'CLIENT_CONNECTION' })
    expect(tries).toBe(3)
    await expect(
      retrying({ ...POLICY, signal: AbortSignal.abort() }, failing(new Error('never'))),
    ).rejects.toMatchObject({ name: 'AbortError' })
    expect(tries).toBe(3)
  })
})
