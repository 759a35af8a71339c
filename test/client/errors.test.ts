import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { AbortError, Client, KafkaError, MillraceError, SerdeError, string, topic } from '../../client/index.ts'
import { SOFTWARE_NAME, SOFTWARE_VERSION } from '../../client/version.ts'

describe('errors', () => {
  it('carry a code, whether to retry, and the cause', () => {
    const cause = new Error('why')
    const serde = new SerdeError({ side: 'decode', part: 'value', topic: 't', partition: 3, offset: 7 }, cause)
    expect(serde).toMatchObject({ name: 'SerdeError', code: 'CLIENT_SERDE', retriable: false, cause })
    expect(serde.message).toBe('cannot decode the value of t[3]@7: why')
    const kafka = new KafkaError(6, 'produce t[0]')
    expect(kafka).toMatchObject({ code: 'NOT_LEADER_OR_FOLLOWER', errno: 6, retriable: true })
    expect(new KafkaError(9999, 'x').code).toBe('UNKNOWN_ERROR_9999')
    expect(new AbortError('enough')).toMatchObject({ name: 'AbortError', code: 'CLIENT_ABORTED', cause: 'enough' })
  })

  it('are recognised across copies of the package', async () => {
    vi.resetModules()
    const copy = await import('../../client/errors.ts')
    expect(copy.MillraceError).not.toBe(MillraceError)
    expect(new copy.AbortError()).toBeInstanceOf(MillraceError)
    expect(new copy.AbortError()).not.toBeInstanceOf(KafkaError)
    expect(new Error('other')).not.toBeInstanceOf(MillraceError)
    expect(new MillraceError('X', 'x')).not.toBeInstanceOf(SerdeError)
  })

  it('name the option that is wrong', () => {
    const codes = [
      () => new Client({ brokers: [] }),
      () => new Client({ brokers: 'localhost' }),
      () => new Client({ brokers: 'localhost:99999' }),
      () => new Client({ brokers: 'a:1', requestTimeoutMs: 0 }),
      () => new Client({ brokers: 'a:1' }).producer({ acks: 1, idempotent: true }),
      () => new Client({ brokers: 'a:1' }).producer({ compression: 'brotli' as never }),
      () => new Client({ brokers: 'a:1' }).producer({ maxInFlight: 6 }),
      () => new Client({ brokers: 'a:1' }).consumer({ topics: [], group: 'g' }),
      () => new Client({ brokers: 'a:1' }).consumer({ topics: [topic('t')] }),
      () => new Client({ brokers: 'a:1' }).consumer({ topics: [topic('t')], group: 'g', offsetReset: 'soon' as never }),
      () => new Client({ brokers: 'a:1' }).consumer({ topics: [topic('t')], assign: [{ topic: 'u', partition: 0 }] }),
    ]
    for (const attempt of codes) expect(attempt).toThrow(expect.objectContaining({ code: 'CLIENT_CONFIG' }) as Error)
  })
})

describe('identity', () => {
  it('states the version of the package, in the form that brokers accept (W4)', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect(SOFTWARE_VERSION).toBe(version)
    for (const text of [SOFTWARE_NAME, SOFTWARE_VERSION])
      expect(text).toMatch(/^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/)
  })

  it('topics are plain frozen values', () => {
    const orders = topic('orders', { key: string })
    expect(Object.isFrozen(orders)).toBe(true)
    expect(inspect(orders)).toContain("name: 'orders'")
    expect(orders.value.name).toBe('json')
  })
})
