import { describe, expect, it } from 'vitest'
import { coordinatorPartition, javaHashCode } from '../../../broker/groups/partition.ts'

describe('the partition of a group', () => {
  /** From `"...".hashCode()` of a JVM. */
  it.each([
    ['', 0],
    ['a', 97],
    ['group', 98_629_247],
    ['console-consumer-12345', 158_455_506],
    ['polygenelubricants', -2_147_483_648],
    ['日本', 835_047],
    ['🙂', 1_772_965],
  ])('hashes %j as Java does', (text, hash) => {
    expect(javaHashCode(text)).toBe(hash)
  })

  it('is the absolute hash modulo the partitions, and 0 for the smallest int', () => {
    expect(coordinatorPartition('group', 50)).toBe(47)
    expect(coordinatorPartition('console-consumer-12345', 50)).toBe(6)
    expect(coordinatorPartition('polygenelubricants', 50)).toBe(0)
  })
})
