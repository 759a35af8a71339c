import type { ServerResponse } from 'node:http'
import { httpProblem } from './problem.ts'

/** Why a wait ends early: nobody is there to hear the answer. */
const hungUp = httpProblem(499, 'Client Closed Request')

/** Why a wait ends early: the door closes, and the answer is what there is. */
export const doorCloses = httpProblem(503, 'Service Unavailable', 'the broker is stopping', 1)

/** The long polls and event streams under way: each ends when its client hangs up, all of them when the door closes. */
export class Waits {
  readonly #open = new Set<AbortController>()
  #closed = false

  /** A signal for one response; aborted at the latest when the response is over. */
  begin(response: ServerResponse): AbortSignal {
    const controller = new AbortController()
    if (this.#closed) controller.abort(doorCloses)
    else if (response.destroyed) controller.abort(hungUp)
    else this.#open.add(controller)
    response.on('close', () => {
      this.#open.delete(controller)
      controller.abort(hungUp)
    })
    return controller.signal
  }

  close(): void {
    this.#closed = true
    for (const controller of this.#open) controller.abort(doorCloses)
    this.#open.clear()
  }
}
