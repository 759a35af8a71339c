import { describe, expect, it } from 'vitest'
import { ConfigError, type ConfigSources, defaultConfig, loadConfig } from '../../../broker/config.ts'

const load = (sources: Partial<ConfigSources>) => loadConfig({ env: {}, ...sources })
const config = (sources: Partial<ConfigSources>) => load(sources).config

function problem(sources: Partial<ConfigSources>): { option: string; message: string } {
  try {
    load(sources)
  } catch (error) {
    if (error instanceof ConfigError) return { option: error.option, message: error.message }
    throw error
  }
  throw new Error('accepted')
}

describe('the defaults', () => {
  it('bind loopback of both families, advertise 127.0.0.1 and sync (W26)', () => {
    expect(defaultConfig()).toMatchObject({
      nodeId: 1,
      dataDir: './millrace-data',
      hosts: ['127.0.0.1', '::1'],
      port: 9092,
      advertisedHost: '127.0.0.1',
      advertisedPort: null,
      rack: null,
      durability: 'fsync',
    })
    expect(defaultConfig().configured.size).toBe(0)
    expect(defaultConfig().properties['num.partitions']).toBe(1)
    expect(defaultConfig().properties['group.initial.rebalance.delay.ms']).toBe(3000)
  })

  it('give "never" as the largest safe integer', () => {
    expect(defaultConfig().properties['log.flush.interval.messages']).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe('layers', () => {
  const fileText = 'num.partitions=2\nlog.retention.hours=1\ndefault.replication.factor=3\n'

  it('let the environment override the file, and flags override both', () => {
    const env = { MILLRACE_NUM_PARTITIONS: '4', MILLRACE_LOG_RETENTION_HOURS: '9', HOME: '/root' }
    const { properties, configured } = config({ fileText, env, flags: { properties: { 'num.partitions': 6 } } })
    expect(properties['num.partitions']).toBe(6)
    expect(properties['log.retention.hours']).toBe(9)
    expect(properties['default.replication.factor']).toBe(3)
    expect(Object.fromEntries(configured)).toEqual({
      'num.partitions': '6',
      'log.retention.hours': '9',
      'default.replication.factor': '3',
    })
  })

  it('override addresses part by part', () => {
    const listeners = 'listeners=PLAINTEXT://10.0.0.1:9192\n'
    expect(config({ fileText: listeners })).toMatchObject({
      hosts: ['10.0.0.1'],
      port: 9192,
      advertisedHost: '10.0.0.1',
    })
    expect(config({ fileText: listeners, env: { MILLRACE_PORT: '0' } })).toMatchObject({ hosts: ['10.0.0.1'], port: 0 })
    expect(config({ fileText: listeners, flags: { host: 'localhost' } })).toMatchObject({
      hosts: ['127.0.0.1', '::1'],
      port: 9192,
      advertisedHost: '127.0.0.1',
    })
    const env = { MILLRACE_LISTENERS: 'PLAINTEXT://127.0.0.1:7000' }
    expect(config({ env, flags: { port: 7001 } })).toMatchObject({ hosts: ['127.0.0.1'], port: 7001 })
  })

  it('know the short names', () => {
    const env = {
      MILLRACE_DATA_DIR: '/data',
      MILLRACE_RACK: 'r1',
      MILLRACE_DURABILITY: 'page-cache',
      MILLRACE_HTTP_PORT: '-1',
      MILLRACE_ADVERTISE: 'kafka.example:19092',
    }
    const loaded = config({ env })
    expect(loaded).toMatchObject({
      dataDir: '/data',
      rack: 'r1',
      durability: 'page-cache',
      advertisedHost: 'kafka.example',
      advertisedPort: 19092,
    })
    expect(loaded.properties['millrace.http.port']).toBe(-1)
    expect(defaultConfig({ dataDir: '/x', rack: 'r2', durability: 'memory', nodeId: 5, advertise: 'h' })).toMatchObject(
      {
        dataDir: '/x',
        rack: 'r2',
        durability: 'memory',
        nodeId: 5,
        advertisedHost: 'h',
        advertisedPort: null,
      },
    )
  })

  it('name what was given and means nothing', () => {
    const { unused } = load({
      fileText: 'ssl.keystore.location=/x\nnum.partitions=1\n',
      env: { MILLRACE_COLOUR: 'red' },
    })
    expect(unused).toEqual(['ssl.keystore.location', 'MILLRACE_COLOUR'])
  })
})

describe("Kafka's server.properties", () => {
  it('of a combined node loads as it is', () => {
    const fileText = `
# The node
process.roles=broker,controller
node.id=3
controller.quorum.voters=3@localhost:9093
listeners=PLAINTEXT://0.0.0.0:9092,CONTROLLER://:9093
advertised.listeners = PLAINTEXT://broker-3.example:9092
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
num.network.threads=3
log.dirs=/var/lib/kafka
num.partitions=1
! another comment
log.retention.hours = \\
   168
`
    const { config: loaded, unused } = load({ fileText })
    expect(loaded).toMatchObject({
      nodeId: 3,
      dataDir: '/var/lib/kafka',
      hosts: ['0.0.0.0', '::'],
      port: 9092,
      advertisedHost: 'broker-3.example',
      advertisedPort: 9092,
    })
    expect(unused).toEqual(['num.network.threads'])
  })

  it('is read with its escapes, separators and continuations', () => {
    const fileText = 'broker.rack: a\\tb\\u0041\\\n   c\nlog.dirs   /one,/two\nnum.partitions\\=x=1\n'
    const { config: loaded, unused } = load({ fileText })
    expect(loaded.rack).toBe('a\tbAc')
    expect(loaded.dataDir).toBe('/one')
    expect(unused).toEqual(['num.partitions=x'])
  })

  it('takes broker.id for node.id', () => {
    expect(config({ fileText: 'broker.id=4' }).nodeId).toBe(4)
    expect(problem({ fileText: 'broker.id=4\nnode.id=5' }).option).toBe('broker.id')
  })
})

describe('JSON', () => {
  it('may nest and may use numbers, booleans and lists', () => {
    const fileText = JSON.stringify({
      num: { partitions: 3 },
      'auto.create.topics.enable': false,
      'log.cleanup.policy': ['compact', 'delete'],
      durability: 'memory',
    })
    const { properties, durability } = config({ fileText })
    expect(properties['num.partitions']).toBe(3)
    expect(properties['auto.create.topics.enable']).toBe(false)
    expect(properties['log.cleanup.policy']).toEqual(['compact', 'delete'])
    expect(durability).toBe('memory')
  })

  it('that is none is an error naming the file', () => {
    expect(problem({ file: 'broker.json', fileText: '{' }).option).toBe('broker.json')
    expect(problem({ file: 'broker.json', fileText: '[]' }).message).toBe(
      'broker.json: expected a JSON object of options',
    )
    expect(problem({ fileText: '{"num.partitions": null}' }).option).toBe('num.partitions')
  })
})

describe('a bad option is named as it was written', () => {
  it.each([
    [
      'num.partitions',
      { fileText: 'num.partitions=0' },
      'Invalid value 0 for configuration num.partitions: Value must be at least 1',
    ],
    [
      'num.partitions',
      { file: 'conf/server.properties', fileText: 'num.partitions=0' },
      'conf/server.properties: Invalid value 0 for configuration num.partitions: Value must be at least 1',
    ],
    [
      'MILLRACE_NUM_PARTITIONS',
      { env: { MILLRACE_NUM_PARTITIONS: 'x' } },
      'MILLRACE_NUM_PARTITIONS: Invalid value x for configuration num.partitions: Not a number of type INT',
    ],
    ['no.such', { flags: { properties: { 'no.such': 1 } } }, 'no.such: no such broker option'],
    ['--port', { flags: { port: 70000 } }, '--port: 70000 is not a port (0 to 65535)'],
    [
      '--durability',
      { flags: { durability: 'sync' as never } },
      '--durability: Invalid value sync for configuration millrace.durability: String must be one of: fsync, page-cache, memory',
    ],
    [
      'listeners',
      { fileText: 'listeners=SSL://:9093' },
      'listeners: listener SSL is not PLAINTEXT, the only one supported',
    ],
    [
      'listeners',
      { fileText: 'listeners=nonsense' },
      'listeners: nonsense is not a listener such as PLAINTEXT://host:9092',
    ],
    [
      'listeners',
      { fileText: 'listeners=PLAINTEXT://a:1,PLAINTEXT://b:2' },
      'listeners: all PLAINTEXT listeners must share one port',
    ],
    ['listeners', { fileText: 'listeners=CONTROLLER://:9093' }, 'listeners: no PLAINTEXT listener'],
    [
      'advertised.listeners',
      { flags: { host: '0.0.0.0' } },
      'advertised.listeners: a broker that binds all addresses must be told which one clients shall use (--advertise HOST:PORT)',
    ],
  ])('%s', (option, sources, message) => {
    expect(problem(sources)).toEqual({ option, message })
  })

  it.each([
    ['log.retention.ms', { 'log.retention.ms': 0 }],
    ['log.roll.ms', { 'log.roll.ms': 0 }],
    ['replica.fetch.wait.max.ms', { 'replica.fetch.wait.max.ms': 60_000 }],
    ['group.max.session.timeout.ms', { 'group.max.session.timeout.ms': 100 }],
    ['group.consumer.session.timeout.ms', { 'group.consumer.session.timeout.ms': 1000 }],
    ['group.consumer.heartbeat.interval.ms', { 'group.consumer.heartbeat.interval.ms': 20_000 }],
    ['broker.session.timeout.ms', { 'broker.session.timeout.ms': 900 }],
    ['process.roles', { 'process.roles': 'controller' }],
    ['replica.selector.class', { 'replica.selector.class': 'com.example.Nearest' }],
    ['queued.max.request.bytes', { 'queued.max.request.bytes': 1000 }],
    ['offsets.topic.compression.codec', { 'offsets.topic.compression.codec': 7 }],
  ])('%s, when it does not go with the others', (option, properties) => {
    expect(problem({ flags: { properties } }).option).toBe(option)
  })
})
