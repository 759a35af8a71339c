/**
 * One thing at a time: batches, ticks, rebalances and model changes all touch the tasks, and each of them waits for the
 * network in between.
 */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve()

  /** Runs the work when what came before is done, whether that failed or not. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work)
    this.#tail = result.catch(() => undefined)
    return result
  }
}
