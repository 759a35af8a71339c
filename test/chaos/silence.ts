/** How long nothing was acknowledged at a time, and what had been done to the brokers by then. */
export class Silence {
  /** The longest so far, and the fault before its end; null when there had been none. */
  longest: { readonly ms: number; readonly after: string | null } = { ms: 0, after: null }
  #sinceMs = performance.now()
  #fault: string | null = null

  /** A fault was injected. */
  fault(kind: string): void {
    this.#fault = kind
  }

  /** Something was acknowledged. */
  broken(): void {
    const nowMs = performance.now()
    const ms = nowMs - this.#sinceMs
    this.#sinceMs = nowMs
    if (ms > this.longest.ms) this.longest = { ms, after: this.#fault }
  }
}
