/** A node of several: voters, the listener for brokers, what follows from their number. */
import { describe, expect, it } from 'vitest'
import { ConfigError, type ConfigFlags, type ConfigSources, loadConfig } from '../../../broker/config.ts'
import { describeBrokerOptions } from '../../../broker/config/describe.ts'
import { topicProperties } from '../../../broker/config/effective.ts'

const config = (sources: Partial<ConfigSources>) => loadConfig({ env: {}, ...sources }).config

function problem(sources: Partial<ConfigSources>): string {
  try {
    config(sources)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('accepted')
}

const voters = '1@10.0.0.1:9093,2@10.0.0.2:9093,3@10.0.0.3:9093'

/** A node of a quorum, by flags alone. */
const node = (nodeId: number, flags: ConfigFlags = {}) =>
  config({ flags: { nodeId, ...flags, properties: { 'controller.quorum.voters': voters, ...flags.properties } } })

describe('a node alone', () => {
  it.each([
    ['without voters', ''],
    [
      'that is its only voter',
      'node.id=3\ncontroller.quorum.voters=3@localhost:9093\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\nadvertised.listeners=PLAINTEXT://here:9092',
    ],
    [
      "that Kafka's own server.properties has",
      'process.roles=broker,controller\ncontroller.quorum.bootstrap.servers=localhost:9093\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\nadvertised.listeners=PLAINTEXT://here:9092,CONTROLLER://here:9093',
    ],
  ])('%s has no listener for brokers', (_, fileText) => {
    expect(config({ fileText })).toMatchObject({
      voters: [],
      peerHosts: [],
      peerPort: 0,
      advertisedPeer: null,
      clusterId: null,
    })
  })
})

describe('a voter', () => {
  it("is configured by Kafka's server.properties of a combined node, the same file but for node.id and the names", () => {
    const fileText = `
process.roles=broker,controller
node.id=2
controller.quorum.voters=${voters}
listeners=PLAINTEXT://10.0.0.2:9092,CONTROLLER://10.0.0.2:9093
advertised.listeners=PLAINTEXT://kafka-2.example:9092,CONTROLLER://10.0.0.2:9093
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
broker.rack=b
`
    expect(config({ fileText })).toMatchObject({
      nodeId: 2,
      voters: [
        { id: 1, host: '10.0.0.1', port: 9093 },
        { id: 2, host: '10.0.0.2', port: 9093 },
        { id: 3, host: '10.0.0.3', port: 9093 },
      ],
      hosts: ['10.0.0.2'],
      port: 9092,
      advertisedHost: 'kafka-2.example',
      peerHosts: ['10.0.0.2'],
      peerPort: 9093,
      advertisedPeer: { host: '10.0.0.2', port: 9093 },
      rack: 'b',
    })
  })

  it('listens for brokers where its own entry says when nothing else does', () => {
    expect(node(2)).toMatchObject({
      hosts: ['127.0.0.1', '::1'],
      peerHosts: ['10.0.0.2'],
      peerPort: 9093,
      advertisedPeer: { host: '10.0.0.2', port: 9093 },
    })
  })

  it('listens for brokers on the host it was given for clients', () => {
    expect(node(2, { host: '0.0.0.0', advertise: '10.0.0.2' }).peerHosts).toEqual(['0.0.0.0', '::'])
  })

  it('may have listeners of any name that is mapped to PLAINTEXT', () => {
    const fileText = `node.id=1
controller.quorum.voters=${voters}
listeners=CLIENTS://10.0.0.1:9092,PEERS://10.0.0.1:9093
controller.listener.names=PEERS
listener.security.protocol.map=CLIENTS:PLAINTEXT,PEERS:PLAINTEXT
`
    expect(config({ fileText })).toMatchObject({ port: 9092, peerPort: 9093 })
  })

  it('takes node id and peer port from flags and from the environment', () => {
    const env = { MILLRACE_NODE_ID: '3', MILLRACE_PEER_PORT: '9093', MILLRACE_CONTROLLER_QUORUM_VOTERS: voters }
    expect(config({ env })).toMatchObject({ nodeId: 3, peerPort: 9093 })
    expect(node(1, { peerPort: 9093 }).peerPort).toBe(9093)
  })

  it('behind a mapped port says with advertised.listeners what the others connect to', () => {
    const properties = { 'advertised.listeners': 'PLAINTEXT://a:9092,CONTROLLER://10.0.0.1:9093' }
    expect(node(1, { peerPort: 19093, properties })).toMatchObject({
      peerPort: 19093,
      advertisedPeer: { host: '10.0.0.1', port: 9093 },
    })
  })

  it('shows both listeners to DescribeConfigs', () => {
    const described = describeBrokerOptions(node(1), { brokerConfig: () => new Map() })
    expect(described.find(({ name }) => name === 'listeners')?.value).toBe(
      'PLAINTEXT://127.0.0.1:9092,PLAINTEXT://[::1]:9092,CONTROLLER://10.0.0.1:9093',
    )
    expect(described.find(({ name }) => name === 'controller.quorum.voters')?.value).toBe(voters)
  })
})

describe('a node that is not among the voters', () => {
  it('observes, and tells where it is found', () => {
    const observer = node(7, { host: '10.0.0.7', properties: { 'process.roles': 'broker' } })
    expect(observer).toMatchObject({ peerHosts: ['10.0.0.7'], peerPort: 0, advertisedPeer: null })
    expect(observer.voters).toHaveLength(3)
    expect(node(7, { host: '10.0.0.7', peerPort: 9093 }).advertisedPeer).toEqual({ host: '10.0.0.7', port: 9093 })
  })
})

describe('the id of a cluster', () => {
  it('is the same on every node, whatever the order of the list, and another for another list', () => {
    const id = node(1).clusterId
    expect(id).toMatch(/^[\w][\w-]{21}$/)
    expect(node(3).clusterId).toBe(id)
    const shuffled = voters.split(',').toReversed().join(',')
    expect(node(1, { properties: { 'controller.quorum.voters': shuffled } }).clusterId).toBe(id)
    const moved = voters.replace('10.0.0.3', '10.0.0.4')
    expect(node(1, { properties: { 'controller.quorum.voters': moved } }).clusterId).not.toBe(id)
  })

  it('is the configured one when there is one', () => {
    expect(config({ fileText: 'cluster.id=lkc-1' }).clusterId).toBe('lkc-1')
    expect(config({ env: { MILLRACE_CLUSTER_ID: 'lkc-2' } }).clusterId).toBe('lkc-2')
    expect(config({ flags: { properties: { 'cluster.id': 'lkc-3' } } }).clusterId).toBe('lkc-3')
  })
})

describe('three voters and more', () => {
  const none = { brokerConfig: () => new Map<string, string>() }

  it('default to three replicas, two of them in sync', () => {
    expect(node(1).properties['default.replication.factor']).toBe(3)
    expect(node(1).properties['min.insync.replicas']).toBe(2)
    expect(topicProperties(new Map(), node(1), none)['min.insync.replicas']).toBe(2)
    const described = describeBrokerOptions(node(1), none)
    expect(described.find(({ name }) => name === 'min.insync.replicas')).toMatchObject({ value: '2', source: 5 })
  })

  it('keep what was set', () => {
    const one = node(1, { properties: { 'min.insync.replicas': 1, 'default.replication.factor': 2 } })
    expect(one.properties['min.insync.replicas']).toBe(1)
    expect(one.properties['default.replication.factor']).toBe(2)
    expect(topicProperties(new Map(), one, none)['min.insync.replicas']).toBe(1)
  })

  it('are more than two, which keep the defaults of Kafka', () => {
    const two = '1@10.0.0.1:9093,2@10.0.0.2:9093'
    expect(node(1, { properties: { 'controller.quorum.voters': two } }).properties['min.insync.replicas']).toBe(1)
  })
})

describe('what cannot be a cluster is refused, and the option named', () => {
  const listed = (text: string) => ({ fileText: `node.id=1\ncontroller.quorum.voters=${text}\n` })
  it.each([
    [
      'a malformed voter',
      listed('1@a:9093,b:9093'),
      'controller.quorum.voters: b:9093 is not a voter such as 1@host:9093',
    ],
    ['a voter without a port', listed('1@a'), 'controller.quorum.voters: 1@a is not a voter such as 1@host:9093'],
    ['a voter twice', listed('1@a:9093,1@b:9093'), 'controller.quorum.voters: voter 1 is named twice'],
    [
      'two voters at one address',
      listed('1@a:9093,2@A:9093'),
      'controller.quorum.voters: voters 1 and 2 have one address, A:9093',
    ],
    [
      'a controller that is not among the voters',
      { fileText: `node.id=4\nprocess.roles=broker,controller\ncontroller.quorum.voters=${voters}` },
      'controller.quorum.voters: node 4 has the role of a controller and is not among the voters: name it, or set process.roles=broker',
    ],
    [
      'a voter that is no controller',
      { fileText: `node.id=1\nprocess.roles=broker\ncontroller.quorum.voters=${voters}` },
      'controller.quorum.voters: node 1 is among the voters and has not the role of a controller: set process.roles=broker,controller',
    ],
    [
      'the address of a quorum whose ids nobody has said',
      { fileText: 'process.roles=broker\ncontroller.quorum.bootstrap.servers=10.0.0.1:9093,10.0.0.2:9093' },
      'controller.quorum.bootstrap.servers: 10.0.0.1:9093,10.0.0.2:9093 is not this node alone; name the voters with their ids instead, controller.quorum.voters=1@host:9093,..',
    ],
    [
      'an own entry with another port than the listener',
      { fileText: `node.id=1\ncontroller.quorum.voters=${voters}\nlisteners=PLAINTEXT://a:9092,CONTROLLER://a:9193` },
      'controller.quorum.voters: voter 1 is this node and has port 9093, but its listener for brokers has 9193',
    ],
    [
      'one port for clients and brokers',
      { fileText: `node.id=1\ncontroller.quorum.voters=${voters}\nlisteners=PLAINTEXT://a:9093` },
      'listeners: brokers and clients need ports of their own, both have 9093',
    ],
    [
      'a listener for brokers that is encrypted',
      { fileText: `listeners=PLAINTEXT://a:9092,CONTROLLER://a:9093\nlistener.security.protocol.map=CONTROLLER:SSL` },
      'listeners: listener CONTROLLER is not PLAINTEXT, the only one supported',
    ],
    [
      'a map of protocols that is none',
      { fileText: 'listener.security.protocol.map=CONTROLLER' },
      'listener.security.protocol.map: CONTROLLER is not NAME:PROTOCOL',
    ],
    [
      'a bad variable',
      { env: { MILLRACE_CONTROLLER_QUORUM_VOTERS: 'x' } },
      'MILLRACE_CONTROLLER_QUORUM_VOTERS: x is not a voter such as 1@host:9093',
    ],
  ])('%s', (_, sources, message) => {
    expect(problem(sources)).toBe(message)
  })
})
