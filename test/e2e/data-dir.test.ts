/** `millrace start` on a directory it must not use: one line with the file and what to do, exit code 2, nothing changed. */
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from '../../broker/index.ts'
import { millrace } from '../support/millrace-process.ts'

const WAIT = 60_000
let scratch: string
let pristine: string

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'millrace-data-dir-'))
  pristine = join(scratch, 'pristine')
  const broker = await startBroker({ dataDir: pristine, port: 0 })
  await broker.close()
}, WAIT)

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Every file with a digest of its content; the lock is the process's own. */
function snapshotOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('.lock') && statSync(join(directory, name)).isFile())
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(directory, name)))
          .digest('hex')}`,
    )
    .sort()
}

function rewrite(directory: string, file: string, change: (text: string) => string): void {
  writeFileSync(join(directory, file), change(readFileSync(join(directory, file), 'latin1')), 'latin1')
}

const METADATA = '__cluster_metadata-0'
const LOG = `${METADATA}/00000000000000000000.log`

describe('millrace start refuses', () => {
  it.each<[string, (directory: string) => void, string]>([
    [
      'meta.properties of a newer version',
      (directory) => rewrite(directory, 'meta.properties', (text) => text.replace('version=1', 'version=2')),
      'DIR/meta.properties has version 2, only 1 is readable: start the version that wrote it',
    ],
    [
      'the directory of another node',
      (directory) => rewrite(directory, 'meta.properties', (text) => text.replace('node.id=1', 'node.id=7')),
      "DIR/meta.properties belongs to node 7, not 1: use that node's id or another directory",
    ],
    [
      'a directory whose cluster was changed',
      (directory) =>
        rewrite(directory, 'meta.properties', (text) => text.replace(/cluster.id=.*/, 'cluster.id=another')),
      `DIR/${METADATA}/quorum-state belongs to cluster`,
    ],
    [
      'a directory without meta.properties',
      (directory) => rmSync(join(directory, 'meta.properties')),
      'DIR is not a data directory: it holds .kafka_cleanshutdown; choose an empty directory, or restore meta.properties',
    ],
    [
      "Apache Kafka's own directory",
      (directory) => writeFileSync(join(directory, 'bootstrap.checkpoint'), 'x'),
      'DIR/bootstrap.checkpoint: the directory belongs to an Apache Kafka broker; choose another',
    ],
    [
      'a checkpoint of a newer version',
      (directory) => rewrite(directory, 'recovery-point-offset-checkpoint', (text) => text.replace(/^0/, '1')),
      'DIR/recovery-point-offset-checkpoint has version 1, only 0 is readable: start the version that wrote it',
    ],
    [
      'a directory without its log starts',
      (directory) => rmSync(join(directory, 'log-start-offset-checkpoint')),
      'DIR/log-start-offset-checkpoint is missing: restore it from a copy, or',
    ],
    [
      'a directory without its metadata',
      (directory) => rmSync(join(directory, METADATA), { recursive: true }),
      `DIR/${METADATA}: the directory is missing, but offsets up to`,
    ],
    [
      'a damaged metadata log',
      (directory) => {
        rmSync(join(directory, '.kafka_cleanshutdown'))
        rewrite(directory, LOG, (text) => `${text.slice(0, 70)}X${text.slice(71)}`)
      },
      `DIR/${LOG} at byte 0: wrong CRC; offsets up to`,
    ],
  ])('%s', { timeout: WAIT }, async (_name, harm, message) => {
    const directory = mkdtempSync(join(scratch, 'copy-'))
    cpSync(pristine, directory, { recursive: true })
    harm(directory)
    const before = snapshotOf(directory)
    const { code, stdout, stderr } = await millrace([
      'start',
      '--data-dir',
      directory,
      '--port',
      '0',
      '--http-port',
      '0',
    ])
    expect([code, stdout], stderr).toEqual([2, ''])
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(message.replaceAll('DIR', directory))])
    expect(snapshotOf(directory)).toEqual(before)
  })
})
