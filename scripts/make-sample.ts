/**
 * Makes demo/sample/machine-*.columns.br from the Server Machine Dataset:
 *
 *   npx tsx scripts/make-sample.ts --data DIR [--machine machine-2-1]
 *
 * DIR/{train,test}/<machine>.csv.gz with a header row; the test file with a last column `label`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { packSample } from './pack-sample.ts'

/** As they circulate in issue 22 of NetManAIOps/OmniAnomaly, in column order; their author is not confirmed. */
const NAMES = [
  ...['cpu_r', 'load_1', 'load_5', 'load_15', 'mem_shmem', 'mem_u', 'mem_u_e', 'total_mem', 'disk_q', 'disk_r'],
  ...['disk_rb', 'disk_svc', 'disk_u', 'disk_w', 'disk_wa', 'disk_wb', 'si', 'so', 'eth1_fi', 'eth1_fo', 'eth1_pi'],
  ...['eth1_po', 'tcp_tw', 'tcp_use', 'active_opens', 'curr_estab', 'in_errs', 'in_segs', 'listen_overflows'],
  ...['out_rsts', 'out_segs', 'passive_opens', 'retransegs', 'tcp_timeouts', 'udp_in_dg', 'udp_out_dg'],
  ...['udp_rcv_buf_errs', 'udp_snd_buf_errs'],
]

function rowsOf(path: string): number[][] {
  const lines = gunzipSync(readFileSync(path)).toString().trim().split('\n').slice(1)
  return lines.map((line) => line.split(',').map(Number))
}

function main(): void {
  const { values } = parseArgs({
    options: { data: { type: 'string' }, machine: { type: 'string', default: 'machine-2-1' } },
  })
  if (values.data === undefined) {
    console.error('usage: npx tsx scripts/make-sample.ts --data DIR [--machine machine-2-1]')
    process.exit(2)
  }
  const train = rowsOf(join(values.data, 'train', `${values.machine}.csv.gz`))
  const test = rowsOf(join(values.data, 'test', `${values.machine}.csv.gz`))
  const events: [number, number][] = []
  test.forEach((row, i) => {
    if (row[NAMES.length] !== 1) return
    const last = events[events.length - 1]
    if (last !== undefined && last[1] === i - 1) last[1] = i
    else events.push([i, i])
  })
  const packed = packSample({
    name: values.machine,
    source: 'Server Machine Dataset, NetManAIOps/OmniAnomaly (MIT)',
    metrics: NAMES,
    values: Float64Array.from([...train, ...test].flatMap((row) => row.slice(0, NAMES.length))),
    trainRows: train.length,
    testRows: test.length,
    events,
  })
  const path = join(import.meta.dirname, '..', 'demo', 'sample', `${values.machine}.columns.br`)
  writeFileSync(path, packed)
  console.log(`${path}: ${packed.length} bytes, ${train.length} + ${test.length} rows, ${events.length} events`)
}

main()
