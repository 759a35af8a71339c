import { describe, expect, it } from 'vitest'
import { shareDescriptors } from '../../broker/descriptors.ts'
import { DescriptorLimitError } from '../../broker/index.ts'
import { FilesPinnedError, LogFullError } from '../../broker/log/errors.ts'
import { logEvents } from '../../broker/log-events.ts'
import { MetricsRegistry } from '../../broker/metrics.ts'
import { exitCodeOf } from '../../cli/errors.ts'

describe('shareDescriptors', () => {
  it.each([
    [96, 16, 16, 16],
    [128, 32, 32, 16],
    [1024, 384, 384, 208],
    [1_048_576, 8192, 1_036_240, 4096],
  ])('of %d gives logs %d, clients %d and HTTP clients %d', (limit, files, connections, httpConnections) => {
    expect(shareDescriptors(limit)).toEqual({ files, connections, httpConnections })
  })

  it('never gives out what is kept for Node, syncs and checkpoints', () => {
    for (let limit = 96; limit < 3000; limit++) {
      const { files, connections, httpConnections } = shareDescriptors(limit)
      expect(limit - files - connections - httpConnections).toBeGreaterThanOrEqual(48)
      expect(Math.min(files, connections, httpConnections)).toBeGreaterThanOrEqual(16)
    }
  })

  it.each([0, 40, 95])('refuses %d in one line that names the limit and what to do', (limit) => {
    expect(() => shareDescriptors(limit)).toThrow(DescriptorLimitError)
    expect(() => shareDescriptors(limit)).toThrow(
      `open files are limited to ${limit} (ulimit -n), 96 or more are needed: raise the limit`,
    )
  })

  it('refuses as an environment that cannot work: the command ends with exit code 2', () => {
    expect(exitCodeOf(new DescriptorLimitError(40, 96))).toBe(2)
  })
})

describe('what the operator hears of logs that wait for descriptors', () => {
  it('is one line, however many wait, and every line of those that are full', () => {
    const lines: string[] = []
    const note = (_: unknown, line?: string) => void lines.push(line ?? '')
    const events = logEvents({ debug: note, info: note, warn: note, error: note }, new MetricsRegistry())
    const waiting = new LogFullError('/data/t-0', new FilesPinnedError('/data/t-0/0.log', 24))
    const full = new LogFullError('/data/t-0', new Error('ENOSPC'))
    for (const reason of [waiting, waiting, full, waiting, full]) events.full('t', 0, reason)
    expect(lines).toHaveLength(3)
  })
})
