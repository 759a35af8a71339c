/** The state of a cluster in a few lines, for whoever reads why a seed failed. */
import { survey } from './invariants/survey.ts'
import type { World } from './world.ts'

export function stateOf(world: World): string[] {
  const { nodes } = world.cluster
  const seen = survey(nodes)
  const lines = nodes.map(({ host, state, starts, isPaused }) => {
    return `${host} is ${state}${isPaused ? ', paused' : ''}, started ${starts} times`
  })
  for (const { node, metadata } of seen.beliefs) {
    const brokers = metadata.brokers().map(({ id, epoch, fenced }) => `${id} epoch ${epoch}${fenced ? ' fenced' : ''}`)
    lines.push(`${node.host} believes: controller ${metadata.controllerId}, brokers ${brokers.join(', ')}`)
  }
  for (const [name, view] of seen.newest) {
    const { leader, leaderEpoch, partitionEpoch, isr, elr, lastKnownElr, replicas } = view
    const sets = `isr ${isr.join(' ')} elr ${elr.join(' ')} last ${lastKnownElr.join(' ')} of ${replicas.join(' ')}`
    lines.push(`${name}: leader ${leader} epoch ${leaderEpoch} partition epoch ${partitionEpoch} ${sets}`)
  }
  for (const { node, name, partition } of seen.replicas) {
    const { isLeader, leaderEpoch, highWatermark, logEndOffset, isOnline } = partition
    const role = isLeader ? 'leads' : 'follows'
    const ends = `high watermark ${highWatermark}, end ${logEndOffset}${isOnline ? '' : ', offline'}`
    lines.push(`${node.host} ${role} ${name} in epoch ${leaderEpoch}: ${ends}`)
  }
  return lines
}
