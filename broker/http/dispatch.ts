import type { Api } from '../../proto/kafka/api.ts'

/** A request to this broker from inside the process, through the very handlers that serve sockets. Null: no reply (acks=0). */
export type Dispatch = <Request, Response>(
  api: Api<Request, Response>,
  request: Request,
  version: number,
  signal?: AbortSignal,
) => Promise<Response | null>

/** The same, for a broker that throws when it is gone. */
export function safeDispatch(dispatch: Dispatch): Dispatch {
  return (api, request, version, signal) => {
    try {
      return dispatch(api, request, version, signal)
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }
}
