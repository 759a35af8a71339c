/** The ports and the command lines of a cluster on one machine. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../broker/config.ts'
import { parseReady } from '../../../cli/supervisor/broker-process.ts'
import { planCluster } from '../../../cli/supervisor/plan.ts'
import { choosePorts, type PortWishes } from '../../../cli/supervisor/ports.ts'
import { scratch } from '../../support/millrace-process.ts'

const wishes: PortWishes = { brokers: 3, host: 'localhost', port: 0, peerPort: undefined, httpPort: null }
const ports = [1, 2, 3].map((n) => ({ kafka: 9091 + n, peer: 19_091 + n, http: 8079 + n }))

async function busy() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { port, [Symbol.dispose]: () => server.close() }
}

/** The options that the arguments of one broker amount to. */
function configOf(args: readonly string[]) {
  const value = (flag: string) => args[args.indexOf(flag) + 1]
  const overrides = args.flatMap((arg, index) => (args[index - 1] === '--override' ? [arg] : []))
  const properties = Object.fromEntries(
    overrides.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  )
  return loadConfig({ env: {}, flags: { nodeId: Number(value('--node-id')), properties } }).config
}

describe('the ports of a cluster', () => {
  it('are all different and free when any will do', async () => {
    const chosen = await choosePorts({ ...wishes, httpPort: 0 })
    const all = chosen.flatMap(({ kafka, peer, http }) => [kafka, peer, http])
    expect(new Set(all).size).toBe(9)
    for (const port of all) expect(port).toBeGreaterThanOrEqual(10_000)
  })

  it('follow the first one, those between brokers 10,000 above it', async () => {
    const [first] = await choosePorts({ ...wishes, brokers: 1 })
    const base = first?.kafka ?? 0
    const chosen = await choosePorts({ ...wishes, brokers: 2, port: base, httpPort: null })
    expect(chosen).toEqual([
      { kafka: base, peer: base + 10_000, http: null },
      { kafka: base + 1, peer: base + 10_001, http: null },
    ])
  })

  it('that were asked for and are in use are refused, and the option named', async () => {
    using taken = await busy()
    const { port } = taken
    await expect(choosePorts({ ...wishes, port })).rejects.toThrow(`--port: port ${port} on 127.0.0.1 is in use`)
    await expect(choosePorts({ ...wishes, peerPort: port })).rejects.toThrow(`--peer-port: port ${port} on`)
    await expect(choosePorts({ ...wishes, httpPort: port })).rejects.toThrow(`--http-port: port ${port} on`)
  })

  it('cannot lie above the last one', async () => {
    await expect(choosePorts({ ...wishes, brokers: 1, port: 60_000 })).rejects.toThrow(
      '--peer-port: there is no port 70000',
    )
  })
})

describe('the plan of a cluster', () => {
  it('makes brokers that agree on who they are', () => {
    const plans = planCluster({ ports, host: 'localhost', advertisedHost: '127.0.0.1', dataDir: null, args: [] })
    const configs = plans.map(({ args }) => configOf(args))
    expect(new Set(configs.map(({ clusterId }) => clusterId)).size).toBe(1)
    expect(
      configs.map(({ nodeId, port, peerPort, advertisedPort, peerHosts }) => [
        nodeId,
        port,
        peerPort,
        advertisedPort,
        peerHosts,
      ]),
    ).toEqual([
      [1, 9092, 19_092, 9092, ['127.0.0.1']],
      [2, 9093, 19_093, 9093, ['127.0.0.1']],
      [3, 9094, 19_094, 9094, ['127.0.0.1']],
    ])
    for (const { voters } of configs) expect(voters.map(({ port }) => port)).toEqual([19_092, 19_093, 19_094])
  })

  it('gives each broker a directory and a log of its own', () => {
    const [, second] = planCluster({
      ports,
      host: 'localhost',
      advertisedHost: null,
      dataDir: '/data',
      args: ['--durability', 'page-cache'],
    })
    expect(second?.logFile).toBe('/data/broker-2.log')
    expect(second?.args.join(' ')).toContain('--data-dir /data/broker-2')
    expect(second?.args.slice(0, 3)).toEqual(['start', '--durability', 'page-cache'])
  })

  it('of one broker has no quorum of several', () => {
    const [only] = planCluster({
      ports: ports.slice(0, 1),
      host: 'localhost',
      advertisedHost: null,
      dataDir: null,
      args: [],
    })
    expect(configOf(only?.args ?? []).voters).toEqual([])
  })

  it('keeps the cluster id that the directory has, whatever the ports', () => {
    using directory = scratch()
    mkdirSync(join(directory.path, 'broker-2'))
    writeFileSync(join(directory.path, 'broker-2', 'meta.properties'), 'version=1\ncluster.id=kept-id\nnode.id=2\n')
    const plans = planCluster({ ports, host: 'localhost', advertisedHost: null, dataDir: directory.path, args: [] })
    expect(plans.map(({ args }) => configOf(args).clusterId)).toEqual(['kept-id', 'kept-id', 'kept-id'])
  })

  it('refuses the directory of a single broker', () => {
    using directory = scratch()
    writeFileSync(join(directory.path, 'meta.properties'), 'version=1\n')
    const options = { ports, host: 'localhost', advertisedHost: null, dataDir: directory.path, args: [] }
    expect(() => planCluster(options)).toThrow(`${directory.path}: holds the data of a single broker`)
  })
})

describe('the ready line of a broker', () => {
  it('is read, with HTTP and without', () => {
    expect(parseReady('ready kafka=127.0.0.1:9092 http=127.0.0.1:8080 node=1 pid=17')).toEqual({
      nodeId: 1,
      pid: 17,
      kafka: '127.0.0.1:9092',
      http: '127.0.0.1:8080',
    })
    expect(parseReady('ready kafka=[::1]:9092 node=2 pid=18')).toEqual({
      nodeId: 2,
      pid: 18,
      kafka: '[::1]:9092',
      http: null,
    })
    expect(parseReady('not ready')).toBeNull()
  })
})
