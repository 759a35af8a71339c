/** The ceiling on what all groups of a broker may hold in memory, shared by its shards (DESIGN 2.7). */
export class Budget {
  readonly maxGroups: number
  readonly maxBytes: number
  #groups = 0
  #bytes = 0

  constructor(maxGroups: number, maxBytes: number) {
    this.maxGroups = maxGroups
    this.maxBytes = maxBytes
  }

  get groups(): number {
    return this.#groups
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Newcomers are refused while this holds; what is there already is never dropped. */
  get isFull(): boolean {
    return this.#bytes >= this.maxBytes
  }

  get hasMaxGroups(): boolean {
    return this.#groups >= this.maxGroups
  }

  add(groups: number, bytes: number): void {
    this.#groups += groups
    this.#bytes += bytes
  }
}

/** One shard's part of the budget, given back when the shard goes. */
export class Usage {
  readonly #budget: Budget
  #groups = 0
  #bytes = 0
  #released = false

  constructor(budget: Budget) {
    this.#budget = budget
  }

  get budget(): Budget {
    return this.#budget
  }

  get bytes(): number {
    return this.#bytes
  }

  add(groups: number, bytes: number): void {
    if (this.#released) return
    this.#groups += groups
    this.#bytes += bytes
    this.#budget.add(groups, bytes)
  }

  /** Appends that are still under way no longer count after this. */
  releaseAll(): void {
    this.add(-this.#groups, -this.#bytes)
    this.#released = true
  }
}
