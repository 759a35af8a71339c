/** What must not stay behind when chaos is ended in the middle (Ctrl-C): brokers, what traces them, file systems, directories. */
import { spawnSync } from 'node:child_process'
import { atEnd } from '../../bench/support/cleanup.ts'
import { type RunningBroker, scratch, startMillrace, type StartOptions } from '../support/millrace-process.ts'

/** Kills whatever is left of the process group of a detached process when the program ends; or now, once, by the function returned. */
export function endGroupAtEnd(leader: number): () => void {
  return atEnd(() => {
    try {
      process.kill(-leader, 'SIGKILL')
    } catch {
      // All of it has ended.
    }
  })
}

/** `startMillrace` whose process, and what wraps it, does not outlive this program. */
export async function startChaosBroker(args: readonly string[], options: StartOptions): Promise<RunningBroker> {
  let end = (): void => undefined
  const spawned = (leader: number): void => {
    end = endGroupAtEnd(leader)
  }
  const broker = await startMillrace(args, { ...options, spawned })
  void broker.exited.then(() => end())
  return broker
}

/** A directory that goes with its user, or when the program ends. */
export function chaosDirectory(): { readonly path: string; [Symbol.dispose](): void } {
  const directory = scratch()
  return { path: directory.path, [Symbol.dispose]: atEnd(() => directory[Symbol.dispose]()) }
}

/** Unmounts when the program ends, also while a process that is being killed holds a file there; or now, once. */
export function unmountAtEnd(path: string): () => void {
  return atEnd(() => void spawnSync('umount', ['--lazy', path]))
}
