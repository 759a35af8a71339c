/** The metadata log without room: no change is acknowledged that is not kept, and none is half made. */
import { describe, expect, it } from 'vitest'
import { Errors } from '../../../proto/kafka/errors.ts'
import { Rig } from './harness.ts'

const noRoom = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })

describe('a controller whose disk is full', () => {
  it('refuses changes with KAFKA_STORAGE_ERROR and keeps what was acknowledged', () => {
    const rig = new Rig()
    rig.start()
    expect(rig.create('kept')?.error).toBe(Errors.NONE)
    rig.faults.appendError = noRoom
    for (const name of ['lost', 'lost-too']) {
      expect(rig.create(name)).toMatchObject({ error: Errors.KAFKA_STORAGE_ERROR })
    }
    expect(rig.create('lost')?.message).toContain('until there is room')
    expect([...rig.view.topics()].map(({ name }) => name)).toEqual(['kept'])
    expect(rig.ask((controller, done) => controller.allocateProducerIds(done))).toMatchObject({
      error: Errors.KAFKA_STORAGE_ERROR,
    })
    rig.faults.appendError = null
    rig.kill()
    rig.start()
    expect([...rig.view.topics()].map(({ name }) => name)).toEqual(['kept'])
  })

  it('takes changes again when there is room, from the state without the refused ones', () => {
    const rig = new Rig()
    rig.start()
    rig.faults.appendError = noRoom
    rig.create('topic', 3)
    rig.create('topic', 3)
    rig.faults.appendError = null
    rig.clock.advance(1000)
    expect(rig.create('topic', 5)?.error).toBe(Errors.NONE)
    expect(rig.view.topic('topic')?.partitions).toHaveLength(5)
    expect(rig.create('topic')?.error).toBe(Errors.TOPIC_ALREADY_EXISTS)
    expect(rig.errors).toHaveLength(1)
    rig.kill()
    rig.start()
    expect(rig.view.topic('topic')?.partitions).toHaveLength(5)
  })

  it('answers a change that was written before the disk was full, and refuses the one after it', () => {
    const rig = new Rig()
    const controller = rig.start()
    const answers: string[] = []
    const create = (name: string) => {
      const topic = { name, partitions: 1, replicationFactor: -1, assignments: [], configs: [] }
      controller.requests.createTopics([topic], { validateOnly: false }, ([result]) => {
        answers.push(`${name} ${result?.error}`)
      })
    }
    rig.faults.holdSyncs = true
    create('written')
    rig.clock.settle()
    rig.faults.appendError = noRoom
    create('refused')
    rig.clock.settle()
    expect(answers).toEqual([`refused ${Errors.KAFKA_STORAGE_ERROR}`])
    rig.faults.appendError = null
    rig.clock.advance(1000)
    create('later')
    rig.faults.holdSyncs = false
    rig.faults.releaseSyncs()
    rig.clock.settle()
    expect(answers.slice(1)).toEqual(['written 0', 'later 0'])
    expect([...rig.view.topics()].map(({ name }) => name).sort()).toEqual(['later', 'written'])
  })

  it('waits for room when it starts, and then goes on by itself', () => {
    const rig = new Rig()
    rig.faults.appendError = noRoom
    const answers: (Error | null)[] = []
    rig.begin({}, (error) => void answers.push(error))
    rig.clock.advance(30_000)
    expect([answers, rig.controller.isActive]).toEqual([[], false])
    rig.faults.appendError = null
    rig.clock.advance(10_000)
    expect(answers).toEqual([null])
    expect(rig.create('later')?.error).toBe(Errors.NONE)
  })
})
