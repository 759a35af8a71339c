/** Members of a consumer group that read and commit throughout a chaos run. */
import { Client, type Consumer, type TopicPartition } from '../../client/index.ts'
import { GroupHistory } from './group-history.ts'
import { idOf } from './history.ts'
import { Ledger } from './load.ts'
import { sleep } from './wait.ts'

const GROUP = 'auditors'

/** A member that died is missed after so long (ms): its partitions are read on by the others. */
const SESSION_MS = 6_000

/** A member leaves and comes back after so many batches, so that there is a rebalance now and then. */
const BATCHES_PER_STAY = 400

export class GroupLoad {
  readonly history = new GroupHistory()
  readonly #bootstrap: string
  readonly #clients: Client[] = []
  readonly #members: Promise<void>[] = []
  readonly #ended = new AbortController()

  private constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
  }

  static start(bootstrap: string, members: number): GroupLoad {
    const load = new GroupLoad(bootstrap)
    for (let member = 0; member < members; member++) load.#members.push(load.#belong())
    return load
  }

  /** What the coordinator names as committed. */
  async stored(partitions: number): Promise<ReadonlyMap<number, number>> {
    const places = Array.from({ length: partitions }, (_, partition) => ({ topic: Ledger.name, partition }))
    const offsets = await this.#client().admin().listGroupOffsets(GROUP, places)
    return new Map(offsets.map(({ partition, offset }) => [partition, offset]))
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await Promise.allSettled([...this.#members, ...this.#clients.map((client) => client.close())])
  }

  #client(): Client {
    const client = new Client({ brokers: this.#bootstrap, requestTimeoutMs: 10_000, retryBackoffMaxMs: 250 })
    this.#clients.push(client)
    return client
  }

  async #belong(): Promise<void> {
    const client = this.#client()
    while (!this.#ended.signal.aborted) {
      /** What was known to be committed when a partition was assigned of which nothing has been read yet. */
      const begins = new Map<number, number>()
      const consumer = client.consumer({
        topics: [Ledger],
        group: GROUP,
        sessionTimeoutMs: SESSION_MS,
        heartbeatIntervalMs: SESSION_MS / 6,
        autoCommit: false,
        onAssigned: (assigned: readonly TopicPartition[]) => {
          for (const { partition } of assigned) begins.set(partition, this.history.committed(partition))
        },
      })
      try {
        await this.#read(consumer, begins)
      } catch {
        // Fenced, or the coordinator is gone: a member joins again, as an application would.
        await sleep(100)
      } finally {
        await consumer.close().catch(() => undefined)
      }
    }
  }

  async #read(consumer: Consumer<typeof Ledger>, begins: Map<number, number>): Promise<void> {
    const { history } = this
    let batches = 0
    for await (const batch of consumer.batches({ signal: this.#ended.signal })) {
      const { partition, nextOffset } = batch
      for (const { offset, valueBytes } of batch) {
        const committed = begins.get(partition)
        begins.delete(partition)
        if (committed !== undefined) history.began(partition, committed, offset)
        history.seen(partition, { offset, id: idOf(valueBytes) })
      }
      await consumer.commit([{ topic: Ledger.name, partition, offset: nextOffset }])
      history.acknowledged(partition, nextOffset)
      if (++batches >= BATCHES_PER_STAY) return
    }
  }
}
