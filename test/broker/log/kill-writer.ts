/** A process to be killed: appends to a log on the real disk, and says which offsets it has acknowledged. */
import { setImmediate } from 'node:timers'
import { NodeDisk } from '../../../broker/ports/node-disk.ts'
import { append, batch, openLog, sharedWith } from './harness.ts'

const [directory = ''] = process.argv.slice(2)
const log = openLog(new NodeDisk(), {
  directory,
  shared: sharedWith({ maxOpenFiles: 8 }),
  config: { segmentBytes: 100_000, indexIntervalBytes: 1000 },
})
let serial = 0

function turn(): void {
  for (let i = 0; i < 20; i++) {
    const sequence = log.logEndOffset
    append(
      log,
      batch(`${sequence}-`, 1, {
        valueBytes: 50 + ((serial++ * 37) % 900),
        producerId: 4,
        producerEpoch: 0,
        baseSequence: sequence,
      }),
    )
  }
  const end = log.logEndOffset
  log.sync((error) => {
    if (error !== null) throw error
    process.stdout.write(`${end}\n`)
    setImmediate(turn)
  })
}

turn()
