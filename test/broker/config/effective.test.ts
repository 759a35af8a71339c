import { describe, expect, it } from 'vitest'
import { defaultConfig } from '../../../broker/config.ts'
import {
  describeBrokerOptions,
  describeClusterDefaults,
  describeTopicOptions,
} from '../../../broker/config/describe.ts'
import { brokerNumber, topicConfig, topicProperties } from '../../../broker/config/effective.ts'

/** Overrides by node (`''` = all). */
function dynamic(overrides: Readonly<Record<string, Readonly<Record<string, string>>>> = {}) {
  return { brokerConfig: (node: string) => new Map(Object.entries(overrides[node] ?? {})) }
}

const none = new Map<string, string>()
const config = (properties: Record<string, string | number> = {}) => defaultConfig({ nodeId: 1, properties })

describe('the effective options of a topic', () => {
  it('are the defaults of Kafka', () => {
    expect(topicConfig(none, config(), dynamic())).toMatchObject({
      segmentBytes: 1024 ** 3,
      retentionMs: 604_800_000,
      retentionBytes: -1,
      maxMessageBytes: 1_048_588,
      messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
      cleanupPolicy: { delete: true, compact: false },
      compressionType: 'producer',
      minCleanableDirtyRatio: 0.5,
    })
  })

  it('come from the topic, else the broker, else all brokers, else the file', () => {
    const static_ = config({ 'log.retention.ms': 1 })
    const retention = (overrides: Map<string, string>, layers: Record<string, Record<string, string>>) =>
      topicProperties(overrides, static_, dynamic(layers))['retention.ms']
    expect(retention(none, {})).toBe(1)
    expect(retention(none, { '': { 'log.retention.ms': '2' } })).toBe(2)
    expect(retention(none, { '': { 'log.retention.ms': '2' }, 1: { 'log.retention.ms': '3' } })).toBe(3)
    expect(retention(none, { 2: { 'log.retention.ms': '9' } })).toBe(1)
    expect(retention(new Map([['retention.ms', '4']]), { 1: { 'log.retention.ms': '3' } })).toBe(4)
  })

  it('count hours and minutes in milliseconds, the finer unit winning', () => {
    const retention = (properties: Record<string, number>) =>
      topicProperties(none, config(properties), dynamic())['retention.ms']
    expect(retention({ 'log.retention.hours': 2 })).toBe(7_200_000)
    expect(retention({ 'log.retention.hours': 2, 'log.retention.minutes': 3 })).toBe(180_000)
    expect(retention({ 'log.retention.hours': 2, 'log.retention.minutes': 3, 'log.retention.ms': 4 })).toBe(4)
    expect(retention({ 'log.retention.hours': -1 })).toBe(-1)
  })

  it('may have segments of any size through the internal option, which is shown only when set', () => {
    const overrides = new Map([['internal.segment.bytes', '100']])
    expect(topicConfig(overrides, config(), dynamic()).segmentBytes).toBe(100)
    const names = (set: Map<string, string>) => describeTopicOptions(set, config(), dynamic()).map(({ name }) => name)
    expect(names(overrides)).toContain('internal.segment.bytes')
    expect(names(none)).not.toContain('internal.segment.bytes')
  })

  it('may clean up by both policies or by none', () => {
    const policy = (text: string) => topicConfig(new Map([['cleanup.policy', text]]), config(), dynamic()).cleanupPolicy
    expect(policy('compact,delete')).toEqual({ delete: true, compact: true })
    expect(policy('')).toEqual({ delete: false, compact: false })
  })
})

describe('a numeric broker option', () => {
  it('follows AlterConfigs', () => {
    expect(brokerNumber('message.max.bytes', config(), dynamic())).toBe(1_048_588)
    expect(brokerNumber('message.max.bytes', config(), dynamic({ '': { 'message.max.bytes': '5' } }))).toBe(5)
    expect(() => brokerNumber('broker.rack', config(), dynamic())).toThrow(RangeError)
  })
})

describe('described options', () => {
  const layers = dynamic({ '': { 'log.retention.ms': '200', custom: 'x' }, 1: { 'log.retention.ms': '100' } })

  it('of a topic name every layer, strongest first', () => {
    const overrides = new Map([['retention.ms', '7']])
    const options = describeTopicOptions(overrides, config({ 'log.retention.ms': 300 }), layers)
    expect(options).toHaveLength(33)
    expect(options.find(({ name }) => name === 'retention.ms')).toMatchObject({
      value: '7',
      source: 1,
      type: 5,
      readOnly: false,
      synonyms: [
        { name: 'retention.ms', text: '7', source: 1 },
        { name: 'log.retention.ms', text: '100', source: 2 },
        { name: 'log.retention.ms', text: '200', source: 3 },
        { name: 'log.retention.ms', text: '300', source: 4 },
        // The weaker unit has a default; Kafka lists it after the ones that count.
        { name: 'log.retention.hours', text: '168', source: 5 },
      ],
    })
  })

  it('of a topic have no synonym where only a coarser unit has a value', () => {
    const retention = describeTopicOptions(none, config({ 'log.retention.hours': 1 }), dynamic()).find(
      ({ name }) => name === 'retention.ms',
    )
    expect(retention).toMatchObject({ value: '3600000', source: 5, synonyms: [] })
  })

  it('of a broker say what is read-only and where values come from', () => {
    const options = new Map(describeBrokerOptions(config({ 'num.partitions': 3 }), layers).map((o) => [o.name, o]))
    expect(options.get('num.partitions')).toMatchObject({ value: '3', source: 4, readOnly: true, type: 3 })
    expect(options.get('log.retention.ms')).toMatchObject({ value: '100', source: 2, readOnly: false })
    expect(options.get('log.flush.interval.ms')).toMatchObject({ value: null, source: 5, synonyms: [] })
    expect(options.get('custom')).toMatchObject({ value: 'x', source: 3, type: 0 })
  })

  it('of all brokers are those that were set, alone', () => {
    expect(describeClusterDefaults(config(), layers).map(({ name, value, source }) => [name, value, source])).toEqual([
      ['log.retention.ms', '200', 3],
      ['custom', 'x', 3],
    ])
  })
})
