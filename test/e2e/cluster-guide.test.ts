/** The three machines of docs/guides/cluster.md, played by three addresses of this one. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { choosePorts } from '../../cli/supervisor/ports.ts'
import { millrace, type RunningBroker, scratch, startMillrace } from '../support/millrace-process.ts'

const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guides', 'cluster.md'), 'utf8')

/** The code block that follows a comment with this name. */
function block(name: string): string {
  const found = new RegExp(`<!-- ${name} -->\\n\`\`\`\\w+\\n([^]*?)\`\`\``).exec(guide)?.[1]
  if (found === undefined) throw new Error(`the guide has no block ${name}`)
  return found
}

interface Description {
  readonly partitions: readonly { readonly leader: number; readonly replicas: number[]; readonly isr: number[] }[]
}

describe.skipIf(process.platform !== 'linux')('the guide (skipped where 127.0.0.2 is no address)', () => {
  it('makes a cluster of three machines from one file and one line each', { timeout: 180_000 }, async () => {
    using directory = scratch()
    const [ports] = await choosePorts({ brokers: 1, host: '0.0.0.0', port: 0, peerPort: 0, httpPort: null })
    const file = join(directory.path, 'cluster.properties')
    writeFileSync(
      file,
      block('cluster.properties').replaceAll('10.0.0.', '127.0.0.').replaceAll(':9093', `:${ports?.peer}`),
    )
    const [, ...line] = block('cluster-start').trim().replace('npx millrace', '').trim().split(/ +/)
    const start = (node: number): Promise<RunningBroker> => {
      const own = line.map((word) =>
        word.replace('cluster.properties', file).replace(/^2$/, String(node)).replace('10.0.0.2', `127.0.0.${node}`),
      )
      return startMillrace([...own, '--data-dir', join(directory.path, `data-${node}`)], { port: ports?.kafka ?? 0 })
    }
    const [first, second, third] = await Promise.all([start(1), start(2), start(3)])
    await using one = first
    await using two = second
    await using three = third
    expect([one, two, three].map(({ bootstrap }) => bootstrap)).toEqual(
      [1, 2, 3].map((node) => `127.0.0.${node}:${ports?.kafka}`),
    )
    expect(await millrace(['topic', 'create', 'orders', '--bootstrap', one.bootstrap])).toMatchObject({ code: 0 })
    const produced = await millrace(['produce', 'orders', '--bootstrap', two.bootstrap], { input: 'kept\n' })
    expect(produced.code).toBe(0)
    const topic = (await (await fetch(`${three.http}/v1/topics/orders`)).json()) as Description
    const leader = topic.partitions[0]?.leader ?? 0
    expect(topic.partitions[0]?.replicas.toSorted((a, b) => a - b)).toEqual([1, 2, 3])
    const running = [one, two, three]
    await running[leader - 1]?.kill('SIGKILL')
    const rest = running.filter((_, index) => index !== leader - 1).map(({ bootstrap }) => bootstrap)
    const consumed = await millrace(['consume', 'orders', '--bootstrap', rest.join(','), '--max', '1'])
    expect(consumed).toMatchObject({ code: 0 })
    expect(consumed.stdout).toContain('kept')
  })
})
