import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Admin, Client } from '../../client/index.ts'
import { millrace } from '../support/millrace-process.ts'
import { type TestBroker, testBroker, unique } from './support/bootstrap.ts'

let broker: TestBroker
let client: Client
let admin: Admin

beforeAll(async () => {
  broker = await testBroker()
  client = new Client({ brokers: broker.bootstrap })
  admin = client.admin()
})

afterAll(async () => {
  await client.close()
  await broker[Symbol.asyncDispose]()
})

async function topicWith(partitions: number) {
  const name = unique('moved')
  await admin.createTopics([{ name, partitions }])
  return name
}

describe('reassignment of partitions', () => {
  it('to where they are is done at once', async () => {
    const name = await topicWith(1)
    const { id } = (await admin.describeBrokers())[0]!
    await admin.alterPartitionReassignments([{ topic: name, partition: 0, replicas: [id] }])
    expect(await admin.listPartitionReassignments([{ topic: name, partition: 0 }])).toEqual([])
    expect(await admin.listPartitionReassignments()).toEqual([])
  })

  it('is refused for a broker that is not there, a move that is not under way, and a partition that does not exist', async () => {
    const name = await topicWith(1)
    const reassign = (partition: number, replicas: number[] | null) =>
      admin.alterPartitionReassignments([{ topic: name, partition, replicas }])
    await expect(reassign(0, [4711])).rejects.toMatchObject({ code: 'INVALID_REPLICA_ASSIGNMENT' })
    await expect(reassign(0, null)).rejects.toMatchObject({ code: 'NO_REASSIGNMENT_IN_PROGRESS' })
    await expect(reassign(3, [1])).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: expect.stringContaining(`${name}[3]`) as string,
    })
  })

  it('from the command line says what moves', async () => {
    const name = await topicWith(2)
    const { id } = (await admin.describeBrokers())[0]!
    const run = (...args: string[]) => millrace(['topic', 'reassign', name, '-b', broker.bootstrap, ...args])
    expect(await run('--to', String(id), '--wait')).toMatchObject({
      code: 0,
      stdout: `moved 2 partitions of ${name}\n`,
    })
    expect(await run('--list', '--json')).toMatchObject({ code: 0, stdout: '[]\n' })
    const refused = await run()
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/^millrace: .*--to.*\n$/)
  })
})

describe('leaders', () => {
  it('that are the preferred ones already need no election', async () => {
    const name = await topicWith(2)
    expect(await admin.electLeaders()).toEqual([])
    expect(await admin.electLeaders([{ topic: name, partition: 0 }])).toEqual([])
    await expect(admin.electLeaders([{ topic: name, partition: 9 }])).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
    })
  })
})

describe('brokers', () => {
  it('are listed with what they lead', async () => {
    await topicWith(3)
    const listed = await millrace(['broker', 'list', '-b', broker.bootstrap, '--json'])
    expect(listed.code).toBe(0)
    const [row] = JSON.parse(listed.stdout) as { fenced: boolean; leads: number; replicas: number }[]
    expect(row).toMatchObject({ fenced: false, controller: true })
    expect(row!.leads).toBeGreaterThanOrEqual(3)
    expect(row!.leads).toBe(row!.replicas)
  })
})
