/** Ports for a broker that a test makes by hand: real time and sockets, nothing logged. What the test is about goes into `own`. */
import type { BrokerPorts } from '../../broker/broker.ts'
import { nodeClock } from '../../broker/ports/node-clock.ts'
import { nodeNetwork } from '../../broker/ports/node-network.ts'
import { nodeRandom } from '../../broker/ports/node-random.ts'

type Own = Pick<BrokerPorts, 'disk'> & Partial<BrokerPorts>

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export function quietPorts(own: Own): BrokerPorts {
  return {
    clock: nodeClock,
    random: nodeRandom,
    network: nodeNetwork,
    logger: silent,
    maxSyncsInFlight: 2,
    maxOpenFiles: 64,
    maxConnections: 64,
    makeCompactionRunner: () => null,
    volume: () => ({ totalBytes: -1, usableBytes: -1 }),
    ...own,
  }
}
