import type { FastifyInstance } from 'fastify'
import type { MetadataView } from '../../controller/view.ts'
import type { HttpContext } from '../context.ts'
import * as schemas from '../generated/schemas.ts'
import type { ClusterDetail } from '../schema/admin.ts'
import { problems } from './problems.ts'

interface Share {
  leads: number
  replicas: number
  inSync: number
}

/** What each broker does, by id; one pass over the partitions. */
function shares(metadata: MetadataView): Map<number, Share> {
  const found = new Map<number, Share>()
  for (const { id } of metadata.brokers()) found.set(id, { leads: 0, replicas: 0, inSync: 0 })
  const count = (id: number, what: keyof Share) => {
    const share = found.get(id)
    if (share !== undefined) share[what] += 1
  }
  for (const topic of metadata.topics()) {
    for (const { leader, replicas, isr } of topic.partitions) {
      count(leader, 'leads')
      for (const id of replicas) count(id, 'replicas')
      for (const id of isr) count(id, 'inSync')
    }
  }
  return found
}

function detailOf(metadata: MetadataView): ClusterDetail {
  const byBroker = shares(metadata)
  return {
    clusterId: metadata.clusterId,
    controller: metadata.controllerId,
    brokers: metadata.brokers().map(({ id, host, port, rack, fenced }) => {
      const { leads, replicas, inSync } = byBroker.get(id) ?? { leads: 0, replicas: 0, inSync: 0 }
      return { id, host, port, rack, fenced, leads, replicas, inSync }
    }),
  }
}

export function addClusterRoutes(app: FastifyInstance, context: HttpContext): void {
  app.route<{ Reply: ClusterDetail }>({
    method: 'GET',
    url: '/v1/cluster',
    schema: {
      operationId: 'describeCluster',
      summary: 'Brokers, the active controller, and who leads how much',
      tags: ['admin'],
      response: { 200: { description: 'As this broker knows it', ...schemas.ClusterDetail }, ...problems(503) },
    },
    onRequest: context.admission.work,
    handler: async () => detailOf(context.services.metadata),
  })
}
