/** The commands about members of a cluster, as people use them: brokers, voters, feature levels. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, startCluster } from '../../testing/cluster.ts'
import { type Finished, millrace } from '../support/millrace-process.ts'

let cluster: Cluster
beforeAll(async () => {
  const config = { 'millrace.metadata.version': 1, 'default.replication.factor': 2, 'min.insync.replicas': 1 }
  cluster = await startCluster({ brokers: 3, config, topics: [{ name: 'orders', partitions: 6 }] })
})
afterAll(() => cluster.close())

const run = (...args: readonly string[]): Promise<Finished> => millrace([...args, '--bootstrap', cluster.bootstrap])

describe('millrace feature', { timeout: 180_000 }, () => {
  it('shows what was agreed on, raises it as far as the brokers go, and says which one does not go further', async () => {
    expect((await run('feature', 'list')).stdout).toMatch(/metadata\.version +1 +1 +1\n/)
    expect(await run('feature', 'upgrade', '--dry-run')).toMatchObject({
      code: 0,
      stdout: 'metadata.version can be at level 1\n',
    })
    const refused = await run('feature', 'upgrade', 'metadata.version=2')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/^millrace: [^\n]* only supports versions 1 \(INVALID_UPDATE_VERSION\)\n$/)
  })

  it('refuses a level that is none, naming it, with exit code 2', async () => {
    const refused = await run('feature', 'upgrade', 'metadata.version=new')
    expect([refused.code, refused.stderr]).toEqual([
      2,
      'millrace: metadata.version=new: a whole number from 0 to 32767 was expected\n',
    ])
  })
})

describe('millrace broker', { timeout: 180_000 }, () => {
  it('drains a broker that is to go, and forgets it once it has stopped', async () => {
    const drained = await run('broker', 'drain', '3', '--wait')
    expect(drained).toMatchObject({ code: 0 })
    expect(drained.stdout).toMatch(/^moved \d partitions away from broker 3\nit has a vote .*remove-voter 3\n$/)
    const left = Array.from({ length: 6 }, (_, partition) => cluster.inSync('orders', partition))
    expect(left.flat()).not.toContain(3)

    expect(await run('quorum', 'remove-voter', '3')).toMatchObject({ code: 0, stdout: 'node 3 is no voter any more\n' })
    const refused = await run('broker', 'unregister', '3')
    expect([refused.code, refused.stderr]).toEqual([
      2,
      'millrace: broker 3 serves, and would register again: stop it first\n',
    ])
    await cluster.faults.stop(3)
    expect(await run('broker', 'unregister', '3')).toMatchObject({ code: 0, stdout: 'broker 3 is forgotten\n' })
    expect(JSON.parse((await run('broker', 'list', '--json')).stdout)).toMatchObject([{ id: 1 }, { id: 2 }])
    const described = await run('quorum', 'describe')
    expect(described.stdout).toMatch(/\n1 +(voter|leader) +127\.0\.0\.1:\d+ /)
  })
})
