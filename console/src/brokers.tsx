import { count } from './format.ts'
import type { ClusterInfo, PartitionInfo } from './types.ts'

/** Colours that tell brokers apart; a cluster of more goes round. */
const COLOURS = 6

function colour(broker: number): string {
  return broker < 0 ? 'nobody' : `broker-${(broker - 1) % COLOURS}`
}

function Replica({ partition, broker }: { readonly partition: PartitionInfo; readonly broker: number }) {
  const leads = partition.leader === broker
  const inSync = partition.inSync.includes(broker)
  const state = leads ? 'leads' : inSync ? 'in sync' : 'behind'
  const label = `telemetry-${partition.partition} on broker ${broker}: ${state}`
  return (
    <span
      class={`replica ${inSync ? colour(broker) : 'behind'}${leads ? ' leads' : ''}`}
      title={label}
      role="img"
      aria-label={label}
    >
      {partition.partition}
    </span>
  )
}

/** Which broker leads which partition of the telemetry, and which replicas are in sync. */
export function Brokers({ cluster }: { readonly cluster: ClusterInfo }) {
  const { brokers, partitions, moves } = cluster
  const dead = brokers.filter(({ alive }) => !alive).length
  return (
    <section class="panel brokers">
      <h2>Brokers</h2>
      <p class="legend">
        <span>{dead === 0 ? 'all alive' : `${dead} down`}</span>
        <span class="moves">{count(moves)} leaders moved</span>
        <span>filled: leads · outlined: in sync · grey: behind</span>
      </p>
      {brokers.length === 0 ? <p class="empty">Nothing is known of them yet.</p> : null}
      {brokers.map(({ id, alive, controller }) => (
        <div key={id} class={`broker-row${alive ? '' : ' down'}`} data-broker={id}>
          <b>{id}</b>
          <span class="broker-state">
            {alive ? `leads ${partitions.filter(({ leader }) => leader === id).length}` : 'down'}
            {controller ? <span class="badge muted-badge">controller</span> : null}
          </span>
          <span class="replicas">
            {partitions
              .filter(({ replicas }) => replicas.includes(id))
              .map((partition) => (
                <Replica key={partition.partition} partition={partition} broker={id} />
              ))}
          </span>
        </div>
      ))}
    </section>
  )
}
