/** Calls on their way to a controller that moves, is silent, or is not there. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { ItemResult } from '../../../broker/controller/api.ts'
import type { Controller } from '../../../broker/controller/controller.ts'
import { PeerError } from '../../../broker/peer/errors.ts'
import { unregisterBrokerCall } from '../../../broker/peer/forward/calls.ts'
import { Forwarder } from '../../../broker/peer/forward/forwarder.ts'
import type { PeerChannel, PeerDone } from '../../../broker/peer/channel.ts'
import { FORWARDED_CALLS_MAX } from '../../../broker/limits.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { UnregisterBroker } from '../../../proto/kafka/generated/apis.ts'
import type { EnvelopeResponse } from '../../../proto/kafka/generated/58-envelope.ts'
import { writeResponseHeader } from '../../../proto/kafka/header.ts'
import { Writer } from '../../../proto/kafka/writer.ts'
import { TestClock } from '../controller/harness.ts'

const NODE = 1

/** What a controller answers to UnregisterBroker. */
function answered(errorCode: number, metadataOffset = 0): EnvelopeResponse {
  const writer = new Writer()
  writeResponseHeader(writer, UnregisterBroker, 0, 0)
  UnregisterBroker.writeResponse(writer, { throttleTimeMs: 0, errorCode, errorMessage: null }, 0)
  return { responseData: writer.toBuffer(), errorCode: 0, metadataOffset }
}

const refusedWith = (errorCode: number): EnvelopeResponse => ({ responseData: null, errorCode, metadataOffset: -1 })

class World {
  readonly clock = new TestClock()
  controllerId = 2
  isActive = false
  epoch = 1
  applied = 0
  readonly asked: { readonly to: number; readonly done: PeerDone<EnvelopeResponse> }[] = []
  readonly results: string[] = []
  private waiters: { readonly offset: number; readonly done: () => void }[] = []
  readonly forwarder: Forwarder
  locally: (done: (result: ItemResult) => void) => void = () => {
    throw new Error('not asked here')
  }

  constructor() {
    const [isActive, epoch, view] = [() => this.isActive, () => this.epoch, () => ({ controllerId: this.controllerId })]
    const whenApplied = (offset: number, done: () => void) => {
      if (offset <= this.applied) done()
      else this.waiters.push({ offset, done })
    }
    const controller = {
      get isActive() {
        return isActive()
      },
      get epoch() {
        return epoch()
      },
      get view() {
        return view()
      },
      whenApplied,
    } as unknown as Controller
    const to = (id: number) =>
      ({
        request: (_api: unknown, _message: unknown, _timeoutMs: number, done: PeerDone<EnvelopeResponse>) =>
          void this.asked.push({ to: id, done }),
      }) as unknown as PeerChannel
    this.forwarder = new Forwarder({ nodeId: NODE, clock: this.clock, controller, channels: { to }, timeoutMs: 5000 })
  }

  send(): void {
    this.forwarder.send(
      unregisterBrokerCall(7),
      (done) => this.locally(done),
      ({ error }) => void this.results.push(`answer ${error}`),
      ({ error }) => void this.results.push(`refused ${error}`),
    )
  }

  /** The oldest question is answered, or is not. */
  answer(error: PeerError | null, response: EnvelopeResponse | null): void {
    this.asked.shift()?.done(error, response)
  }

  apply(offset: number): void {
    this.applied = offset
    for (const { done } of this.waiters.filter((waiter) => waiter.offset <= offset)) done()
  }
}

let world: World
beforeEach(() => {
  world = new World()
})

describe('a call', () => {
  it('is answered once the metadata that the answer rests on is applied here', () => {
    world.send()
    world.answer(null, answered(0, 40))
    expect(world.results).toEqual([])
    world.apply(40)
    expect(world.results).toEqual(['answer 0'])
  })

  it('is answered when time is up although this broker, cut off from the quorum, cannot see the change', () => {
    world.send()
    world.answer(null, answered(0, 40))
    world.clock.advance(4999)
    expect(world.results).toEqual([])
    world.clock.advance(2)
    expect(world.results).toEqual(['answer 0'])
    world.apply(40)
    expect(world.results).toHaveLength(1)
  })

  it('goes to the next controller when the one asked is not it any more', () => {
    world.send()
    expect(world.asked[0]?.to).toBe(2)
    world.controllerId = 3
    world.answer(null, refusedWith(Errors.NOT_CONTROLLER))
    world.clock.advance(100)
    expect(world.asked[0]?.to).toBe(3)
    world.answer(null, answered(0))
    expect(world.results).toEqual(['answer 0'])
  })

  it('is asked again when its answer is lost, and hears that it was done already', () => {
    world.send()
    world.answer(new PeerError('unknown', 'it broke'), null)
    world.clock.advance(100)
    world.answer(null, answered(Errors.BROKER_ID_NOT_REGISTERED))
    expect(world.results).toEqual([`answer ${Errors.BROKER_ID_NOT_REGISTERED}`])
  })

  it('waits for a controller as long as it may take, and is refused then', () => {
    world.controllerId = -1
    world.send()
    world.clock.advance(4900)
    expect(world.results).toEqual([])
    world.clock.advance(400)
    expect(world.results).toEqual([`refused ${Errors.NOT_CONTROLLER}`])
    expect(world.asked).toEqual([])
  })

  it('is asked here while this node is the controller, and elsewhere when it stops being it in the middle', () => {
    world.controllerId = NODE
    world.isActive = true
    let answer: ((result: ItemResult) => void) | null = null
    world.locally = (done) => (answer = done)
    world.send()
    world.isActive = false
    world.controllerId = 3
    ;(answer as unknown as (result: ItemResult) => void)({ error: Errors.NOT_CONTROLLER, message: null })
    expect(world.results).toEqual([])
    world.clock.advance(100)
    world.answer(null, answered(0))
    expect(world.results).toEqual(['answer 0'])
  })

  it('is refused at once for what another attempt would not change', () => {
    world.send()
    world.answer(new PeerError('unsupported', 'an older release'), null)
    world.send()
    world.answer(null, refusedWith(Errors.UNSUPPORTED_VERSION))
    world.send()
    world.answer(null, { responseData: Buffer.from([0]), errorCode: 0, metadataOffset: 0 })
    expect(world.results).toEqual([
      `refused ${Errors.UNSUPPORTED_VERSION}`,
      `refused ${Errors.UNSUPPORTED_VERSION}`,
      `refused ${Errors.UNKNOWN_SERVER_ERROR}`,
    ])
  })

  it('is refused when too many wait already, and there is room again when they are done', () => {
    for (let n = 0; n <= FORWARDED_CALLS_MAX; n += 1) world.send()
    world.clock.settle()
    expect(world.results).toEqual([`refused ${Errors.NOT_CONTROLLER}`])
    world.answer(null, answered(0))
    world.send()
    world.clock.settle()
    expect(world.results).toHaveLength(2)
  })

  it('that waits is refused when the broker stops', () => {
    world.controllerId = -1
    world.send()
    world.forwarder.close()
    world.clock.advance(100)
    expect(world.results).toEqual([`refused ${Errors.NOT_CONTROLLER}`])
  })
})
