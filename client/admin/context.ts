import type { Api } from '../../proto/kafka/api.ts'
import { type ErrorCode, Errors } from '../../proto/kafka/errors.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { Coordinator } from '../cluster/coordinator.ts'
import { KafkaError } from '../errors.ts'
import { retrying } from '../timing.ts'

/** How admin calls reach the broker that can answer them, with retries until apiTimeoutMs. */
export class AdminContext {
  readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  get requestTimeoutMs(): number {
    return this.cluster.config.requestTimeoutMs
  }

  /** Runs an attempt again while it fails in a way that may pass. */
  retry<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    const { config } = this.cluster
    return retrying({ ...config, timeoutMs: config.apiTimeoutMs, signal }, attempt, () => this.cluster.refreshSoon())
  }

  /** Asks any broker. */
  any<Req, Res>(api: Api<Req, Res>, message: Req, signal: AbortSignal | undefined): Promise<Res> {
    return this.retry(signal, () => this.cluster.request(api, message, { signal }))
  }

  /** Asks one broker. */
  broker<Req, Res>(node: number, api: Api<Req, Res>, message: Req, signal: AbortSignal | undefined): Promise<Res> {
    return this.retry(signal, async () => {
      if (!this.cluster.metadata.brokers.has(node)) await this.cluster.refresh()
      return this.cluster.request(api, message, { node, signal })
    })
  }

  /** Asks the controller; found anew if it is another by now, as the results then say. */
  controller<Req, Res>(
    api: Api<Req, Res>,
    message: Req,
    signal: AbortSignal | undefined,
    results: (response: Res) => readonly { readonly errorCode: ErrorCode }[],
  ): Promise<Res> {
    return this.retry(signal, async () => {
      if (!this.cluster.metadata.brokers.has(this.cluster.metadata.controllerId)) await this.cluster.refresh()
      const response = await this.cluster.request(api, message, { node: this.cluster.metadata.controllerId, signal })
      if (results(response).some(({ errorCode }) => errorCode === Errors.NOT_CONTROLLER)) {
        await this.cluster.refresh()
        throw new KafkaError(Errors.NOT_CONTROLLER, api.name)
      }
      return response
    })
  }

  /** Asks the coordinator of a group. `codeOf` gives the code of the answer as a whole. */
  coordinator<Req, Res>(
    group: string,
    api: Api<Req, Res>,
    message: Req,
    signal: AbortSignal | undefined,
    codeOf: (response: Res) => ErrorCode,
  ): Promise<Res> {
    const coordinator = new Coordinator(this.cluster, group)
    return this.retry(signal, () => coordinator.call(api, message, codeOf, { signal }))
  }
}
