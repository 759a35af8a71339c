import { describe, expect, it } from 'vitest'
import type { Connection } from '../../../broker/ports/network.ts'
import { type LinkProfile, SeededRandom, SimClock, SimNetwork, SimProcess, Trace } from '../../../testing/sim/index.ts'

const QUICK: LinkProfile = { delayMs: 1, jitterMs: 0, bytesPerMs: 1_000_000, splitChance: 0 }
const ROUGH: LinkProfile = { delayMs: 1, jitterMs: 50, bytesPerMs: 100, splitChance: 0.3 }
const PORT = 9

/** Two hosts, `client` and `server`; the server keeps what it hears. */
class Pair {
  readonly clock = new SimClock()
  readonly network: SimNetwork
  readonly client: SimProcess
  readonly server: SimProcess
  readonly heard: string[] = []
  readonly closed: string[] = []
  accepted: Connection | null = null
  connection: Connection | null = null
  error: Error | null = null

  constructor(profile = QUICK, seed = 1) {
    const random = new SeededRandom(seed)
    const profileOf = () => profile
    this.network = new SimNetwork({ clock: this.clock, random, trace: new Trace(), profile: profileOf })
    const rethrow = (error: unknown): never => {
      throw error
    }
    this.client = new SimProcess('client', this.clock, rethrow)
    this.server = new SimProcess('server', this.clock, rethrow)
  }

  async listen(): Promise<void> {
    const options = { hosts: ['server'], port: PORT, maxConnections: 2 }
    await this.network.of('server', this.server).listen(options, (connection) => {
      this.accepted = connection
      connection.handlers.onData = (chunk) => void this.heard.push(chunk.toString())
      connection.handlers.onClose = () => void this.closed.push('server')
    })
  }

  connect(timeoutMs = 500): void {
    this.network.of('client', this.client).connect({ host: 'server', port: PORT, timeoutMs }, (error, connection) => {
      this.error = error
      this.connection = connection
      if (connection !== null) connection.handlers.onClose = () => void this.closed.push('client')
    })
  }

  static async connected(profile = QUICK, seed = 1): Promise<Pair> {
    const pair = new Pair(profile, seed)
    await pair.listen()
    pair.connect()
    pair.clock.advance(200)
    return pair
  }

  say(text: string): void {
    this.connection?.write([Buffer.from(text)])
  }

  get text(): string {
    return this.heard.join('')
  }
}

describe('the simulated network', () => {
  it('delivers every byte once and in order over a rough link', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const pair = await Pair.connected(ROUGH, seed)
      let sent = ''
      for (let i = 0; i < 50; i++) {
        pair.say(`${i},`)
        sent += `${i},`
        pair.clock.advance(7)
      }
      pair.clock.advance(5_000)
      expect(pair.text).toBe(sent)
    }
  })

  it('refuses a connection where nobody listens, and says nothing where no host is up', () => {
    const pair = new Pair()
    pair.connect()
    pair.clock.advance(100)
    expect(pair.error).toMatchObject({ code: 'ECONNREFUSED' })
    pair.network.processDied('server', pair.server, true)
    pair.connect()
    pair.clock.advance(100)
    expect(pair.error).toMatchObject({ code: 'ECONNREFUSED' })
    pair.clock.advance(1_000)
    expect(pair.error).toMatchObject({ code: 'ETIMEDOUT' })
  })

  it('keeps bytes back while a direction is cut, and closes nothing for it', async () => {
    const pair = await Pair.connected()
    const link = pair.network.link('client', 'server')
    link.cut()
    pair.say('late')
    pair.clock.advance(60_000)
    expect([pair.text, pair.closed]).toEqual(['', []])
    pair.accepted?.write([Buffer.from('this way it goes')])
    link.heal()
    pair.clock.advance(5_000)
    expect([pair.text, pair.closed]).toEqual(['late', []])
  })

  it('tells the other end of a process that was killed, once what it sent has arrived', async () => {
    const pair = await Pair.connected()
    pair.say('last words')
    pair.client.die()
    pair.network.processDied('client', pair.client, false)
    pair.clock.advance(100)
    expect([pair.text, pair.closed]).toEqual(['last words', ['server']])
  })

  it('tells nobody of a power cut, until the host is back and is spoken to', async () => {
    const pair = await Pair.connected()
    pair.server.die()
    pair.network.processDied('server', pair.server, true)
    pair.say('hello?')
    pair.clock.advance(60_000)
    expect(pair.closed).toEqual([])
    pair.network.hostUp('server')
    pair.clock.advance(5_000)
    expect(pair.closed).toEqual(['client'])
  })

  it('loses what is on the way when a connection breaks', async () => {
    const pair = await Pair.connected()
    pair.say('lost')
    expect(pair.network.breakOne('client')).toBe(true)
    pair.clock.advance(100)
    expect([pair.text, pair.closed.toSorted()]).toEqual(['', ['client', 'server']])
  })

  it('holds back a writer whose reader does not read, and calls when there is room', async () => {
    const pair = await Pair.connected()
    pair.accepted?.pauseReading()
    let taken = false
    let drained = false
    pair.connection!.handlers.onDrain = () => void (drained = true)
    pair.connection!.write([Buffer.alloc(1_000_000)], () => void (taken = true))
    pair.clock.advance(1_000)
    expect(pair.connection!.bufferedBytes).toBeGreaterThan(500_000)
    expect([taken, drained]).toEqual([false, false])
    pair.accepted?.resumeReading()
    pair.clock.advance(1_000)
    expect([taken, drained, pair.connection!.bufferedBytes]).toEqual([true, true, 0])
  })

  it('takes bytes for a paused process, which hears of them when it runs again', async () => {
    const pair = await Pair.connected()
    pair.server.pause()
    pair.say('a')
    pair.clock.advance(100)
    pair.say('b')
    pair.clock.advance(100)
    expect(pair.text).toBe('')
    pair.server.resume()
    expect(pair.heard).toEqual(['a', 'b'])
  })

  it('closes connections over the ceiling of a listener', async () => {
    const pair = await Pair.connected()
    for (let i = 0; i < 2; i++) {
      pair.connect()
      pair.clock.advance(100)
    }
    expect(pair.closed).toEqual(['client'])
  })
})

describe('a simulated process', () => {
  it('sees time at its own rate, with a wall clock that may be wrong', () => {
    const clock = new SimClock(1_000_000)
    const { clock: own } = new SimProcess('fast', clock, () => {}, { skewMs: 5_000, rate: 2 })
    let firedAtMs = 0
    own.after(100, () => void (firedAtMs = clock.monotonic()))
    clock.advance(60)
    expect([own.monotonic(), firedAtMs, own.now()]).toEqual([120, 50, 1_005_000 + 120])
  })

  it('does nothing any more once it has died', () => {
    const clock = new SimClock()
    const process = new SimProcess('mortal', clock, () => {})
    const done: string[] = []
    process.clock.after(10, () => void done.push('timer'))
    process.clock.turnEnd(() => void done.push('turn'))
    process.die()
    clock.advance(100)
    expect(done).toEqual([])
  })
})
