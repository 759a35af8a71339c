import { describe, expect, it } from 'vitest'
import { allErrors, errorInfo, errorName, Errors } from '../../../proto/kafka/errors.ts'

describe("Kafka's error table", () => {
  it('has every code of Kafka 4.3 from -1 to 133, once', () => {
    expect(allErrors.map((error) => error.code)).toEqual(Array.from({ length: 135 }, (_, index) => index - 1))
    expect(new Set(allErrors.map((error) => error.name)).size).toBe(135)
    expect(Errors.INVALID_REGULAR_EXPRESSION).toBe(128)
  })

  it('names, describes and rates each', () => {
    for (const error of allErrors) {
      expect(error.message).toMatch(/^[A-Z].*\.$/)
      expect(errorInfo(error.code)).toBe(error)
    }
    expect(errorInfo(Errors.NOT_LEADER_OR_FOLLOWER)).toMatchObject({
      code: 6,
      name: 'NOT_LEADER_OR_FOLLOWER',
      retriable: true,
    })
    expect(errorInfo(Errors.TOPIC_ALREADY_EXISTS).retriable).toBe(false)
    expect(errorInfo(Errors.NONE).retriable).toBe(false)
    expect(allErrors.filter((error) => error.retriable)).toHaveLength(32)
  })

  it('takes codes of newer servers for what they are: unknown, and not retriable', () => {
    expect(errorName(9999)).toBe('UNKNOWN_ERROR_9999')
    expect(errorInfo(9999)).toMatchObject({ code: 9999, retriable: false })
  })
})
