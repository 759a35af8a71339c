import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client, json, string, topic } from '../../../client/index.ts'
import { type Cluster, startCluster } from '../../../testing/index.ts'
import { readAll } from '../support/until.ts'

const Numbers = topic('numbers', { key: string, value: json<number>() })
const Seen = topic('seen', { key: string, value: json<number[]>() })

let cluster: Cluster
let client: Client
let child: ChildProcess | undefined

beforeAll(async () => {
  cluster = await startCluster({ topics: [{ name: 'numbers', partitions: 2 }, 'seen'] })
  client = new Client({ brokers: cluster.bootstrap })
})

afterAll(async () => {
  child?.kill('SIGKILL')
  await client.close()
  await cluster.close()
})

async function start(): Promise<ChildProcess> {
  const main = fileURLToPath(new URL('../support/collector.main.ts', import.meta.url))
  child = spawn(process.execPath, ['--import', 'tsx', main, cluster.bootstrap, Numbers.name, Seen.name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  expect(line.toString()).toBe('ready\n')
  return child
}

async function seenNumbers(): Promise<number[]> {
  const last = new Map((await readAll(client, Seen)).map(({ key, value }) => [key, value!]))
  return [...last.values()].flat().toSorted((a, b) => a - b)
}

describe('a process that is killed with signal 9, again and again', () => {
  it('comes back under its instance id with its state, and in the end has seen every number', async () => {
    await using producer = client.producer()
    let sent = 0
    for (let round = 0; round < 3; round++) {
      const running = await start()
      const goal = sent + 400
      while (sent < goal) {
        await producer.send(Numbers, [{ key: String(sent), value: sent }])
        sent++
      }
      // Well into its work, not at its end: something is done and something is not.
      while ((await seenNumbers()).length < goal - 300) await new Promise((resolve) => setTimeout(resolve, 5))
      running.kill('SIGKILL')
      await once(running, 'exit')
    }
    const last = await start()
    while ((await seenNumbers()).length < sent) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await seenNumbers()).toEqual(Array.from({ length: sent }, (_, i) => i))
    last.kill('SIGKILL')
    await once(last, 'exit')
  }, 60_000)
})
