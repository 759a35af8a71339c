import { randomUUID } from 'node:crypto'
import { startCluster } from '../../../testing/cluster.ts'

/** A broker to test against, and how to be rid of it. */
export interface TestBroker extends AsyncDisposable {
  readonly bootstrap: string
  /** Whether it is our own, with `cluster.faults`. */
  readonly isMillrace: boolean
}

/** Millrace in this process, or the broker that MILLRACE_TEST_BOOTSTRAP names (any Kafka). */
export async function testBroker(): Promise<TestBroker> {
  const external = process.env['MILLRACE_TEST_BOOTSTRAP']
  if (external !== undefined)
    return { bootstrap: external, isMillrace: false, [Symbol.asyncDispose]: async () => undefined }
  const cluster = await startCluster()
  return { bootstrap: cluster.bootstrap, isMillrace: true, [Symbol.asyncDispose]: () => cluster.close() }
}

/** A name that no other test uses. */
export function unique(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`
}
