import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeBatches } from '../../../proto/kafka/batch/decode.ts'
import { NodeDisk } from '../../../broker/ports/node-disk.ts'
import { openLog } from './harness.ts'

/** Runs the writer until it has acknowledged `turns` more times, then kills it; returns the last offset acknowledged. */
function writeAndKill(directory: string, turns: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'kill-writer.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += String(chunk)
    if (said.split('\n').length > turns) child.kill('SIGKILL')
  })
  return new Promise((resolve) => {
    // What it wrote before it died counts, so wait for the end of its output.
    child.once('close', () => resolve(Number(said.split('\n').at(-2))))
  })
}

describe('kill -9 on the real disk', () => {
  it('keeps everything acknowledged, once, over one kill after another', { timeout: 60_000 }, async () => {
    const directory = join(mkdtempSync(join(tmpdir(), 'kill-')), 't-0')
    try {
      for (const turns of [3, 11, 30]) {
        const acknowledged = await writeAndKill(directory, turns)
        const log = openLog(new NodeDisk(), { directory, config: { segmentBytes: 100_000 } })
        expect(acknowledged).toBeGreaterThan(0)
        expect(log.logEndOffset).toBeGreaterThanOrEqual(acknowledged)
        for (let offset = 0; offset < log.logEndOffset; ) {
          const read = await new Promise<NonNullable<ReturnType<typeof log.read>>>((resolve, reject) => {
            log.readAsync(offset, log.logEndOffset, 50_000, true, (error, found) =>
              error ? reject(error) : resolve(found),
            )
          })
          for (const found of decodeBatches(read.buffers)) {
            for (const record of found.records())
              expect(String(record.value).startsWith(`${record.offset}-`)).toBe(true)
          }
          expect(read.nextOffset).toBeGreaterThan(offset)
          offset = read.nextOffset
        }
        log.abandon()
      }
    } finally {
      rmSync(join(directory, '..'), { recursive: true, force: true })
    }
  })
})
