/** Kills the brokers of a supervised cluster one after the other, for a show: the next only when all are back. */

/** From all brokers being ready to the next kill (ms): long enough for the one that came back to catch up. */
const CALM_MS = 4_000

export class Chaos {
  killed = 0
  private readonly kill: (nodeId: number) => void
  private readonly down = new Set<number>()
  private readonly known = new Set<number>()
  private timer: NodeJS.Timeout | null = null
  private isOn = false
  /** Whose turn it is: every broker is killed before one is killed again. */
  private next = 0

  constructor(kill: (nodeId: number) => void) {
    this.kill = kill
  }

  ready(nodeId: number): void {
    this.known.add(nodeId)
    this.down.delete(nodeId)
    this.plan()
  }

  died(nodeId: number): void {
    this.down.add(nodeId)
    this.plan()
  }

  start(): void {
    this.isOn = true
    this.plan()
  }

  stop(): void {
    this.isOn = false
    this.plan()
  }

  /** With two of three brokers down there is no majority, and with the wrong two nothing that may be lost any more. */
  private plan(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    if (!this.isOn || this.down.size > 0 || this.known.size === 0) return
    this.timer = setTimeout(() => {
      const nodes = [...this.known].sort((a, b) => a - b)
      const victim = nodes[this.next % nodes.length]
      this.next += 1
      this.killed += 1
      if (victim !== undefined) this.kill(victim)
    }, CALM_MS)
  }
}
