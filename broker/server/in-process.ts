/** Requests from inside the process (HTTP gateway, tests) through the very handlers that serve sockets. */
import type { Api } from '../../proto/kafka/api.ts'
import type { RequestContext } from '../handlers/handler.ts'
import type { Services } from '../services.ts'
import type { Dispatcher } from './dispatcher.ts'

/** A request that has no error field to answer in, or a version that is not served. */
export class DispatchError extends Error {
  override readonly name = 'DispatchError'
  readonly code: 'UNSUPPORTED_VERSION' | 'INVALID_REQUEST'

  constructor(code: 'UNSUPPORTED_VERSION' | 'INVALID_REQUEST', message: string) {
    super(message)
    this.code = code
  }
}

export interface DispatchOptions {
  /** Shown where Kafka shows a client id; default `in-process`. */
  readonly clientId?: string
  /** Printable address of who asked; default `127.0.0.1`. */
  readonly clientHost?: string
  /** A parked request is dropped when it aborts; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export interface DispatchTarget {
  readonly dispatcher: Dispatcher
  readonly services: Services
  readonly listener: string
}

/**
 * Resolves with the response, or with null when there is none (Produce with acks=0). Rejects with {@link DispatchError},
 * or with the reason of `signal`.
 */
export function dispatchInProcess<Request, Response>(
  target: DispatchTarget,
  api: Api<Request, Response>,
  request: Request,
  version: number,
  options: DispatchOptions = {},
): Promise<Response | null> {
  const served = target.dispatcher.find(api.key)
  if (served === undefined || version < served.lowest || version > served.highest) {
    return Promise.reject(new DispatchError('UNSUPPORTED_VERSION', `${api.name} ${version} is not served`))
  }
  served.requests.add(1)
  const { signal } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error)
      return
    }
    const onAbort = () => reject(signal?.reason as Error)
    signal?.addEventListener('abort', onAbort, { once: true })
    const settle = (settleNow: () => void) => {
      signal?.removeEventListener('abort', onAbort)
      settleNow()
    }
    const context: RequestContext<Response> = {
      apiVersion: version,
      correlationId: 0,
      clientId: options.clientId ?? 'in-process',
      clientHost: options.clientHost ?? '127.0.0.1',
      listener: target.listener,
      reply: (response) => settle(() => resolve(response)),
      noReply: () => settle(() => resolve(null)),
      close: (reason) => settle(() => reject(new DispatchError('INVALID_REQUEST', reason))),
      get closed() {
        return signal?.aborted === true
      },
    }
    served.handler.handle(request, context as RequestContext<unknown>, target.services)
  })
}
