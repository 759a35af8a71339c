/** The one place where a broker meets the real world: Node's clock, randomness, sockets and files. */
import { readFileSync, statfsSync } from 'node:fs'
import { Broker, type BrokerPorts } from './broker.ts'
import type { BrokerConfig } from './config.ts'
import { shareDescriptors } from './descriptors.ts'
import { ListenError, PortInUseError } from './errors.ts'
import { createWorkerRunner } from './node-compaction.ts'
import type { Disk } from './ports/disk.ts'
import { MemoryDisk } from './ports/memory-disk.ts'
import type { Network } from './ports/network.ts'
import { nodeClock } from './ports/node-clock.ts'
import { NodeDisk } from './ports/node-disk.ts'
import { nodeNetwork } from './ports/node-network.ts'
import { nodeRandom } from './ports/node-random.ts'
import { type ReservedPort, reservePort } from './ports/reserved-port.ts'
import type { Logger } from './services.ts'

/** What a caller may give instead of the default. */
export interface NodeBrokerOptions {
  readonly logger?: Logger
  /** For `durability: memory`: a disk that outlives the broker, so that a test can start it again. */
  readonly memoryDisk?: MemoryDisk
  /** Instead of the real one: what stands between it and the broker, for faults. */
  readonly network?: Network
  /** Ends a start that waits for a majority of its cluster, which then rejects; means nothing once the broker serves. */
  readonly signal?: AbortSignal
}

/** libuv's own default when `UV_THREADPOOL_SIZE` is not set. */
const DEFAULT_THREADS = 4

/** Where the operating system does not tell: the usual soft limit. */
const DEFAULT_DESCRIPTORS = 1024

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A disk in memory whose completions come in a later loop turn. */
export function createMemoryDisk(): MemoryDisk {
  return new MemoryDisk((fn) => setImmediate(fn))
}

/** The real disk, for what looks at data directories without a broker. */
export function createNodeDisk(): Disk {
  return new NodeDisk()
}

/** The machine's own sockets. */
export function createNodeNetwork(): Network {
  return nodeNetwork
}

/** Binds free ports on these addresses, for nodes that have to know of each other before they start. */
export async function reserveNodePorts(hosts: readonly string[], count: number): Promise<ReservedPort[]> {
  return Promise.all(Array.from({ length: count }, () => reservePort(nodeNetwork, nodeRandom, hosts)))
}

/**
 * Makes a broker on the real ports; start it with {@link startNodeBroker} for typed errors, or `broker.start()`. Throws
 * DescriptorLimitError.
 */
export function createNodeBroker(config: BrokerConfig, options: NodeBrokerOptions = {}): Broker {
  const inMemory = config.durability === 'memory'
  const disk: Disk = inMemory ? (options.memoryDisk ?? createMemoryDisk()) : createNodeDisk()
  const { files, connections } = shareDescriptors(descriptorLimit())
  const ports: BrokerPorts = {
    clock: nodeClock,
    random: nodeRandom,
    disk,
    network: options.network ?? nodeNetwork,
    logger: options.logger ?? SILENT,
    maxSyncsInFlight: Math.max(1, (Number(process.env['UV_THREADPOOL_SIZE']) || DEFAULT_THREADS) - 2),
    maxOpenFiles: files,
    maxConnections: connections,
    makeCompactionRunner: (bytesPerSecond) => (inMemory ? null : createWorkerRunner(bytesPerSecond)),
    volume: () => (inMemory ? { totalBytes: -1, usableBytes: -1 } : volumeOf(config.dataDir)),
  }
  return new Broker(ports, config)
}

/**
 * Rejects with PortInUseError, ListenError, DescriptorLimitError, DataDirError or MembershipError, each of them one line that
 * names what is wrong.
 */
export async function startNodeBroker(config: BrokerConfig, options: NodeBrokerOptions = {}): Promise<Broker> {
  const broker = createNodeBroker(config, options)
  const { signal } = options
  const giveUp = () => void broker.stop()
  signal?.addEventListener('abort', giveUp)
  try {
    signal?.throwIfAborted()
    await broker.start()
  } catch (error) {
    throw listenProblem(error, config) ?? error
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
  return broker
}

interface SystemError extends NodeJS.ErrnoException {
  /** Of a listener: told with EADDRINUSE and EACCES. */
  readonly port?: number
}

function listenProblem(error: unknown, config: BrokerConfig): Error | null {
  const { code, syscall, port = config.port } = error as SystemError
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return null
  const [host = ''] = port === config.peerPort ? config.peerHosts : config.hosts
  if (code === 'EADDRINUSE') return new PortInUseError(host, port, error)
  return new ListenError(`${host}:${port}`, error as Error)
}

/** Connections of the HTTP door that descriptors are left for. Throws DescriptorLimitError. */
export function httpConnectionsMax(): number {
  return shareDescriptors(descriptorLimit()).httpConnections
}

/** The soft limit of open files of this process. */
function descriptorLimit(): number {
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    return Number(soft) || DEFAULT_DESCRIPTORS
  } catch {
    return DEFAULT_DESCRIPTORS
  }
}

function volumeOf(path: string): { totalBytes: number; usableBytes: number } {
  try {
    const { bsize, blocks, bavail } = statfsSync(path)
    return { totalBytes: bsize * blocks, usableBytes: bsize * bavail }
  } catch {
    return { totalBytes: -1, usableBytes: -1 }
  }
}
