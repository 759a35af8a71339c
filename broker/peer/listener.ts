/** The listener for brokers: the same server as that for clients, with its own table of handlers. */
import type { BrokerConfig } from '../config.ts'
import { PEER_CONNECTIONS_MAX } from '../limits.ts'
import { KafkaServer, type ServerOptions, serverLimits } from '../server/server.ts'
import { createPeerHandlers } from './handlers.ts'
import type { QuorumTransport } from './quorum-transport.ts'

export function createPeerServer(
  rooms: Omit<ServerOptions, 'handlers' | 'limits' | 'labels'>,
  transport: QuorumTransport,
  { properties }: BrokerConfig,
  connectionsMax: number,
): KafkaServer {
  return new KafkaServer({
    ...rooms,
    handlers: createPeerHandlers(transport),
    limits: serverLimits({
      requestBytesMax: properties['socket.request.max.bytes'],
      // The others keep their connections for as long as they live.
      idleTimeoutMs: -1,
      connectionsMax: Math.min(PEER_CONNECTIONS_MAX, connectionsMax),
    }),
    labels: { listener: 'peers' },
  })
}
