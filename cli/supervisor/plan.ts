/** What each process of a cluster on one machine is started with. Pure, but for looking into the data directory. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clusterIdOf, formatVoter, type Voter } from '../../broker/config/voters.ts'
import { formatListener } from '../../broker/config/listeners.ts'
import { UsageError } from '../errors.ts'
import { type NodePorts, PEER_HOST } from './ports.ts'

export interface NodePlan {
  readonly nodeId: number
  readonly ports: NodePorts
  /** `start` and its options. */
  readonly args: readonly string[]
  /** Where its log lines go; null = to the supervisor's stderr, with its name before each. */
  readonly logFile: string | null
}

export interface PlanOptions {
  readonly ports: readonly NodePorts[]
  /** Host that clients are served on. */
  readonly host: string
  /** Host given to clients; null = the one that is bound. */
  readonly advertisedHost: string | null
  /** `broker-N` in it is the directory of broker N; null = in memory. */
  readonly dataDir: string | null
  /** Options for every broker, as `millrace start` takes them. */
  readonly args: readonly string[]
}

const META_FILE = 'meta.properties'

/** Throws UsageError for a directory that holds the data of a single broker. */
export function planCluster(options: PlanOptions): NodePlan[] {
  const { ports, dataDir } = options
  if (dataDir !== null && existsSync(join(dataDir, META_FILE))) {
    throw new UsageError(`--data-dir ${dataDir}: holds the data of a single broker; millrace start serves it`)
  }
  const voters: Voter[] = ports.map(({ peer }, index) => ({ id: index + 1, host: PEER_HOST, port: peer }))
  const clusterId = (dataDir === null ? null : clusterIdIn(dataDir, voters.length)) ?? clusterIdOf(voters)
  return ports.map((own, index) => {
    const nodeId = index + 1
    return {
      nodeId,
      ports: own,
      logFile: dataDir === null ? null : join(dataDir, `broker-${nodeId}.log`),
      args: [
        'start',
        ...options.args,
        ...nodeArgs(options, nodeId, own, voters),
        ...override('millrace.cluster.id', clusterId),
      ],
    }
  })
}

function nodeArgs(options: PlanOptions, nodeId: number, ports: NodePorts, voters: readonly Voter[]): string[] {
  const { host, advertisedHost, dataDir } = options
  const clients = formatListener(host, ports.kafka)
  const isAlone = voters.length === 1
  const listeners = isAlone ? clients : `${clients},${formatListener(PEER_HOST, ports.peer, 'CONTROLLER')}`
  return [
    ...['--node-id', String(nodeId)],
    ...(ports.http === null ? ['--no-http'] : ['--http-port', String(ports.http)]),
    ...(dataDir === null ? ['--memory'] : ['--data-dir', join(dataDir, `broker-${nodeId}`)]),
    ...override('listeners', listeners),
    ...(advertisedHost === null ? [] : override('advertised.listeners', formatListener(advertisedHost, ports.kafka))),
    ...(isAlone ? [] : override('controller.quorum.voters', voters.map(formatVoter).join(','))),
  ]
}

function override(name: string, value: string): string[] {
  return ['--override', `${name}=${value}`]
}

/** The id that the brokers of the directory have: it outlives a change of ports. */
function clusterIdIn(dataDir: string, brokers: number): string | null {
  for (let nodeId = 1; nodeId <= brokers; nodeId += 1) {
    const file = join(dataDir, `broker-${nodeId}`, META_FILE)
    const found = existsSync(file) ? /^cluster\.id=(\S+)$/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined
    if (found !== undefined) return found
  }
  return null
}
