import { closeSync, openSync, readdirSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { DirectoryLockedError, type DiskLock } from './disk.ts'

/**
 * One process per directory, without a native `flock`. Each process makes a file whose *name* is its identity
 * (`.lock.<pid>.<birth>`), then looks for files of other living processes. Of two that race, at least the later one sees
 * the other, so both may give up but never both go on. The name alone tells whether its owner lives, so a lock left
 * behind by kill -9 is recognised and removed; no content can be torn. Processes in other pid namespaces are not seen.
 */

const PREFIX = '.lock.'

/** Directories held by brokers of this very process: the files cannot tell those apart. */
const heldHere = new Set<string>()

export function lockDirectory(directory: string): DiskLock {
  const name = `${PREFIX}${process.pid}.${birthOf(process.pid) ?? 'unknown'}`
  const path = join(directory, name)
  if (heldHere.has(path)) throw new DirectoryLockedError(directory, process.pid)
  refuseIfHeld(directory, name)
  closeSync(openSync(path, 'w', 0o644))
  try {
    refuseIfHeld(directory, name)
  } catch (error) {
    unlinkSync(path)
    throw error
  }
  heldHere.add(path)
  return {
    release() {
      if (heldHere.delete(path)) unlinkQuietly(path)
    },
  }
}

/** Throws when another living process has its file there; removes the files of the dead. */
function refuseIfHeld(directory: string, ownName: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(PREFIX) || name === ownName) continue
    const [pidText = '', birth = ''] = name.slice(PREFIX.length).split('.')
    const pid = Number.parseInt(pidText, 10)
    if (pid > 0 && lives(pid, birth)) throw new DirectoryLockedError(directory, pid)
    unlinkQuietly(join(directory, name))
  }
}

function lives(pid: number, birth: string): boolean {
  return isAlive(pid) && (birthOf(pid) ?? birth) === birth
}

/**
 * When the process was born, in clock ticks since boot, with the boot's id: the pid alone comes round again. 'dead' when
 * it is gone or waits to be reaped, null when that cannot be known (no /proc, or another user's process is hidden there).
 */
function birthOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the command in parentheses and may hold anything; the 22nd field is the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'dead' : `${fields[19]}-${bootId()}`
  } catch {
    return null
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
  } catch {
    return '0'
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Someone else removed it first, which is all that was wanted.
  }
}
