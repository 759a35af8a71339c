/** Keeps the brokers of a plan running: the pump around `SupervisorCore`. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { BrokerProcess, type ReadyBroker } from './broker-process.ts'
import { type Ending, type StopSignal, SupervisorCore, type SupervisorEffect, type SupervisorEvent } from './core.ts'
import type { NodePlan } from './plan.ts'

export type { ReadyBroker } from './broker-process.ts'

/** Told what happens, to show it. */
export interface SupervisorListener {
  /** After each start, the first one included. */
  ready?(broker: ReadyBroker): void
  /** Every broker is ready for the first time. */
  whole?(): void
  /** `lastLines`: what it said last, when it died before it was ready. */
  died?(ending: Ending, restartMs: number, lastLines: readonly string[]): void
  /** Nothing has worked yet and this one cannot: everything is being stopped. */
  refused?(ending: Ending, lastLines: readonly string[]): void
}

/** Lines shown of a broker that did not get ready. */
const LAST_LINES = 5

/** How often the size of the log files is looked at (ms). */
const LOG_CHECK_MS = 10_000

export class Supervisor {
  /** The exit code, once every process has ended. */
  readonly ended: Promise<number>
  private readonly plans: ReadonlyMap<number, NodePlan>
  private readonly listener: SupervisorListener
  private readonly core: SupervisorCore
  private readonly processes = new Map<number, BrokerProcess>()
  private readonly pauses = new Map<number, NodeJS.Timeout>()
  private readonly readyNow = new Map<number, ReadyBroker>()
  private logCheck: NodeJS.Timeout | null = null
  private settle: (code: number) => void = () => {}

  constructor(plans: readonly NodePlan[], listener: SupervisorListener = {}) {
    this.plans = new Map(plans.map((plan) => [plan.nodeId, plan]))
    this.listener = listener
    this.core = new SupervisorCore([...this.plans.keys()])
    this.ended = new Promise((resolve) => {
      this.settle = resolve
    })
  }

  /** The brokers that serve now. */
  get brokers(): readonly ReadyBroker[] {
    return [...this.readyNow.values()]
  }

  /** host:port of every broker that was planned, comma separated: the addresses stay when a broker is started again. */
  bootstrap(host: string): string {
    return [...this.plans.values()].map(({ ports }) => `${host}:${ports.kafka}`).join(',')
  }

  start(): void {
    for (const { logFile } of this.plans.values()) {
      if (logFile !== null) mkdirSync(dirname(logFile), { recursive: true })
    }
    this.logCheck = setInterval(() => this.rotateLogs(), LOG_CHECK_MS)
    this.run(this.core.begin())
  }

  /** The first call stops every broker cleanly, the second at once. */
  stop(signal: StopSignal = 'SIGTERM'): Promise<number> {
    this.step({ kind: 'stop', signal })
    return this.ended
  }

  /** As an accident would: the broker is started again. */
  kill(nodeId: number): void {
    this.processes.get(nodeId)?.signal('SIGKILL')
  }

  private step(event: SupervisorEvent): void {
    this.run(this.core.step(event))
  }

  private run(effects: readonly SupervisorEffect[]): void {
    for (const effect of effects) this.apply(effect)
  }

  private apply(effect: SupervisorEffect): void {
    switch (effect.kind) {
      case 'spawn':
        return this.spawn(effect.nodeId)
      case 'pause':
        return this.pause(effect.nodeId, effect.ms)
      case 'signal':
        return this.processes.get(effect.nodeId)?.signal(effect.signal)
      case 'tellDeath':
        return this.listener.died?.(effect, effect.restartMs, effect.wasReady ? [] : this.lastLines(effect.nodeId))
      case 'tellRefusal':
        return this.listener.refused?.(effect, this.lastLines(effect.nodeId))
      case 'tellWhole':
        return this.listener.whole?.()
      case 'exit':
        for (const pause of this.pauses.values()) clearTimeout(pause)
        clearInterval(this.logCheck ?? undefined)
        return this.settle(effect.code)
    }
  }

  private spawn(nodeId: number): void {
    const plan = this.plans.get(nodeId)
    if (plan === undefined) throw new RangeError(`there is no broker ${nodeId}`)
    const child = new BrokerProcess(plan, {
      ready: (broker) => {
        this.readyNow.set(nodeId, broker)
        this.listener.ready?.(broker)
        this.step({ kind: 'ready', nodeId })
      },
      ended: (ending) => {
        this.readyNow.delete(nodeId)
        this.step({ kind: 'ended', ...ending })
      },
    })
    this.processes.set(nodeId, child)
  }

  private pause(nodeId: number, ms: number): void {
    const timer = setTimeout(() => {
      this.pauses.delete(nodeId)
      this.step({ kind: 'due', nodeId })
    }, ms)
    this.pauses.set(nodeId, timer)
  }

  private rotateLogs(): void {
    for (const child of this.processes.values()) child.rotateLog()
  }

  private lastLines(nodeId: number): string[] {
    return this.processes.get(nodeId)?.lastLines(LAST_LINES) ?? []
  }
}
