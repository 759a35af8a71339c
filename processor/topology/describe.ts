import type { TopologyNode } from './node.ts'
import { changelogTopic, type Topology } from './plan.ts'

/** A topology as text: one block per subtopology, one line per node with what feeds it, its topic and its changelog. */
export function describeTopology(topology: Topology): string {
  const names = new Map(topology.nodes.map((node) => [node.id, node.name]))
  const lines: string[] = []
  for (const part of topology.subtopologies) {
    lines.push(`subtopology ${part.index}`)
    for (const node of part.nodes) {
      const from = node.inputs.map((id) => names.get(id)).join(', ')
      lines.push(`  ${node.name} (${node.kind})${from === '' ? '' : ` <- ${from}`}${details(topology.appId, node)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function details(appId: string, node: TopologyNode): string {
  switch (node.kind) {
    case 'source':
      return `, reads ${node.topic.name}, watermark delay ${node.delayMs} ms, idle ${idle(node.idleMs)}`
    case 'repartition-source':
      return `, reads ${node.topic.name}`
    case 'repartition-sink':
    case 'sink':
      return `, writes ${node.topic.name}`
    case 'model':
      return `, newest of ${node.topic.name}${node.key === undefined ? '' : ' by key'}, before: ${node.before}`
    case 'window-aggregate': {
      const { sizeMs, advanceMs } = node.assigner
      const late = node.late === undefined ? 'counted' : node.late.name
      const windows = `windows of ${sizeMs} ms every ${advanceMs} ms, lateness ${node.latenessMs} ms, late: ${late}`
      const when = node.trigger.lateFirings === 'each' ? 'on time and each late' : 'on time'
      return `, ${windows}, fires ${when}, ${node.mode}, changelog ${changelogTopic(appId, node.name)}`
    }
    case 'aggregate':
    case 'process':
      return `, changelog ${changelogTopic(appId, node.name)}`
    default:
      return ''
  }
}

function idle(idleMs: number): string {
  return idleMs === Number.POSITIVE_INFINITY ? 'never' : `${idleMs} ms`
}
