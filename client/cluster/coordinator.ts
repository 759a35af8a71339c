import type { Api } from '../../proto/kafka/api.ts'
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import { FindCoordinator } from '../../proto/kafka/generated/apis.ts'
import type { FindCoordinatorResponse } from '../../proto/kafka/generated/10-find-coordinator.ts'
import { KafkaError, type MillraceError } from '../errors.ts'
import type { Cluster, RequestOptions } from './cluster.ts'

const GROUP = 0

/** Errors that say that the group is led elsewhere by now. */
const MOVED: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'CLIENT_CONNECTION',
  'CLIENT_REQUEST_TIMEOUT',
  'CLIENT_NO_BROKER',
])

/** The broker that coordinates one group: found when needed, found anew after it moved. */
export class Coordinator {
  readonly #cluster: Cluster
  readonly #group: string
  #finding: Promise<number> | undefined
  #node = -1

  constructor(cluster: Cluster, group: string) {
    this.#cluster = cluster
    this.#group = group
  }

  /**
   * Sends a request to the coordinator, once. `codeOf` gives the error code of the answer as a whole, which is thrown as
   * a KafkaError; after an error that says so the coordinator is looked for again next time.
   */
  async call<Req, Res>(
    api: Api<Req, Res>,
    message: Req,
    codeOf: (response: Res) => ErrorCode,
    options: Omit<RequestOptions, 'node'> = {},
  ): Promise<Res> {
    try {
      const node = await this.#find(options)
      const response = await this.#cluster.request(api, message, { ...options, node })
      const code = codeOf(response)
      if (code !== Errors.NONE) throw new KafkaError(code, `${api.name} of group ${this.#group}`)
      return response
    } catch (error) {
      if (MOVED.has((error as MillraceError).code)) this.#node = -1
      throw error
    }
  }

  #find(options: Omit<RequestOptions, 'node'>): Promise<number> {
    if (this.#node >= 0) return Promise.resolve(this.#node)
    this.#finding ??= this.#ask(options).finally(() => {
      this.#finding = undefined
    })
    return this.#finding
  }

  async #ask({ signal }: Omit<RequestOptions, 'node'>): Promise<number> {
    const request = { key: this.#group, keyType: GROUP, coordinatorKeys: [this.#group] }
    const found = onlyCoordinator(await this.#cluster.request(FindCoordinator, request, { signal }))
    if (found.errorCode !== Errors.NONE) {
      throw new KafkaError(found.errorCode, `coordinator of group ${this.#group}`, found.errorMessage)
    }
    if (!this.#cluster.metadata.brokers.has(found.nodeId)) {
      this.#cluster.metadata.addBroker({ id: found.nodeId, host: found.host, port: found.port, rack: null })
    }
    this.#node = found.nodeId
    return found.nodeId
  }
}

/** Before version 4 the answer is the one coordinator; from then on a list (KIP-699). */
function onlyCoordinator(
  response: FindCoordinatorResponse,
): Pick<FindCoordinatorResponse, 'errorCode' | 'errorMessage' | 'nodeId' | 'host' | 'port'> {
  return response.coordinators[0] ?? response
}
