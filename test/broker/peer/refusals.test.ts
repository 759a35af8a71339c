import { describe, expect, it } from 'vitest'
import { type RefusedNode, registrationRefusal } from '../../../broker/peer/refusals.ts'
import { Errors } from '../../../proto/kafka/errors.ts'

const node: RefusedNode = {
  nodeId: 4,
  clusterId: 'own-cluster',
  dataDir: '/data',
  directoryId: 'dir-of-4',
  supported: [{ name: 'metadata.version', minLevel: 1, maxLevel: 2 }],
}

const agreed = (level: number | null) => ({
  features: () => new Map(level === null ? [] : [['metadata.version', level]]),
})

describe('what a broker that its cluster refuses tells whoever started it', () => {
  it.each([
    [
      Errors.DUPLICATE_BROKER_REGISTRATION,
      'node.id 4 is in use by another broker that lives: give each broker an id of its own (DUPLICATE_BROKER_REGISTRATION)',
    ],
    [
      Errors.INCONSISTENT_CLUSTER_ID,
      '/data belongs to cluster own-cluster, and the voters to another: check controller.quorum.voters and cluster.id (INCONSISTENT_CLUSTER_ID)',
    ],
    [
      Errors.INVALID_REGISTRATION,
      'another broker is registered with directory id dir-of-4: /data is a copy of its data; give broker 4 an empty directory (INVALID_REGISTRATION)',
    ],
    [Errors.UNKNOWN_SERVER_ERROR, 'the cluster refuses broker 4: UNKNOWN_SERVER_ERROR'],
  ])('error %i', (code, line) => {
    expect(registrationRefusal(code, node, agreed(null))).toBe(line)
  })

  it('names the level that it lacks, where it knows what was agreed on', () => {
    const line = (level: number | null) => registrationRefusal(Errors.UNSUPPORTED_VERSION, node, agreed(level))
    expect(line(3)).toBe(
      'the cluster has agreed on metadata.version 3, and this broker understands 1 to 2: start broker 4 with the release of the others (UNSUPPORTED_VERSION)',
    )
    expect(line(null)).toContain('a feature level that this release does not understand')
  })
})
