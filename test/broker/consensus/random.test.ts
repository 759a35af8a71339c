import { describe, expect, it } from 'vitest'
import { Quorum } from './simulation.ts'

/** Crashes, restarts, cuts, losses and duplicates for a while; then all is healed and must converge. */
function story(seed: number, voters: readonly number[]): { quorum: Quorum; appended: number } {
  const quorum = new Quorum(voters, seed)
  quorum.startAll()
  quorum.faults.lossPerMille = quorum.pick(120)
  quorum.faults.duplicatePerMille = quorum.pick(120)
  let cutOff = -1
  let oneWay = false
  quorum.faults.cut = (from, to) => from === cutOff || (!oneWay && to === cutOff)
  let appended = 0
  for (let round = 0; round < 60; round += 1) {
    const id = voters[quorum.pick(voters.length)]
    const dice = quorum.pick(10)
    if (dice === 0 && quorum.node(id).raft !== null) quorum.crash(id)
    else if (dice <= 2 && quorum.node(id).raft === null) quorum.start(id)
    else if (dice === 3) [cutOff, oneWay] = [id, quorum.chance(500)]
    else if (dice === 4) cutOff = -1
    else if (dice === 5 && quorum.node(id).raft !== null) quorum.step(id, { type: 'resign' })
    for (const voter of voters) {
      if (quorum.node(voter).raft !== null && quorum.append(voter, `value ${appended}`) >= 0) appended += 1
    }
    quorum.run(50 + quorum.pick(1500))
  }
  quorum.faults.lossPerMille = 0
  quorum.faults.duplicatePerMille = 0
  cutOff = -1
  for (const id of voters) if (quorum.node(id).raft === null) quorum.start(id)
  quorum.run(15_000)
  return { quorum, appended }
}

describe('random faults (the simulation itself checks Raft 5.2, 5.4 and state machine safety)', () => {
  it.each([[[1]], [[1, 2]], [[1, 2, 3]], [[1, 2, 3, 4, 5]]])('keeps every promise with voters %j', (voters) => {
    let committed = 0
    for (let seed = 1; seed <= 25; seed += 1) {
      const { quorum } = story(seed, voters)
      const leader = quorum.leader()
      expect(leader, `seed ${seed} has a leader in the end`).toBeGreaterThan(0)
      quorum.append(leader, 'last')
      quorum.run(3000)
      for (const id of voters) {
        expect(quorum.values(id), `seed ${seed} node ${id}`).toEqual(quorum.values(leader))
        expect(quorum.raft(id).highWatermark, `seed ${seed} node ${id}`).toBe(quorum.node(leader).log.endOffset)
      }
      committed += quorum.history.length
    }
    expect(committed).toBeGreaterThan(300)
  })

  it('is a function of its seed', () => {
    expect(story(7, [1, 2, 3]).quorum.trace).toEqual(story(7, [1, 2, 3]).quorum.trace)
  })
})
