/** What the members of a group were told: who owns what, and which offsets are committed. */
import { must } from '../log/violation.ts'

/** A commit of one offset. Offsets are given out once and rise, so that each names the commit it came from. */
export interface Commit {
  readonly offset: number
  readonly generation: number
  readonly beganMs: number
  /** Infinity while nobody knows what became of it: it may yet happen. */
  endedMs: number
  isAcknowledged: boolean
}

const NONE = -1

export class GroupHistory {
  readonly name: string
  /** By generation and partition: the member that owns it. */
  readonly #owners = new Map<string, string>()
  readonly #commits = new Map<string, Commit[]>()
  /** The newest generation that any member has been given an assignment of, and when. */
  #generation = -1
  /** Answers of the coordinator that were checked. */
  checks = 0

  constructor(name: string) {
    this.name = name
  }

  /** G2: a partition has one owner in a generation. */
  assigned(member: string, generation: number, partitions: readonly string[]): void {
    this.#generation = Math.max(this.#generation, generation)
    for (const partition of partitions) {
      this.checks++
      const key = `${generation} ${partition}`
      const owner = this.#owners.get(key) ?? member
      must(
        owner === member,
        'G2',
        () => `${this.name} generation ${generation}: ${partition} belongs to ${owner} and to ${member}`,
      )
      this.#owners.set(key, member)
    }
  }

  /** A member begins a commit: the offset is the next one. */
  begin(partition: string, generation: number, nowMs: number): Commit & { readonly newestGeneration: number } {
    const commits = this.#of(partition)
    const offset = commits.length
    const commit = { offset, generation, beganMs: nowMs, endedMs: Number.POSITIVE_INFINITY, isAcknowledged: false }
    commits.push(commit)
    return Object.assign(commit, { newestGeneration: this.#generation })
  }

  /** G3: who commits in an old generation, when a newer one has its members already, is refused. */
  acknowledged(partition: string, commit: Commit & { readonly newestGeneration: number }, nowMs: number): void {
    this.checks++
    commit.endedMs = nowMs
    commit.isAcknowledged = true
    must(commit.generation >= commit.newestGeneration, 'G3', () => {
      return `${this.name} ${partition}: a commit of generation ${commit.generation} is taken after generation ${commit.newestGeneration} began`
    })
  }

  /** G1: what is fetched is not older than what was acknowledged before it was asked for; -1 = nothing is committed. */
  fetched(partition: string, offset: number, askedMs: number): void {
    this.checks++
    const commits = this.#of(partition)
    const found = commits[offset]
    must(
      offset === NONE || found !== undefined,
      'G1',
      () => `${this.name} ${partition}: offset ${offset} is fetched, and nobody committed it`,
    )
    const newer = commits.findLast((commit) => {
      if (!commit.isAcknowledged || commit.endedMs > askedMs || commit === found) return false
      return found === undefined || commit.beganMs > found.endedMs || commit.generation > found.generation
    })
    must(newer === undefined, 'G1', () => {
      return `${this.name} ${partition}: offset ${offset} is fetched, and ${newer?.offset} was acknowledged before that was asked for`
    })
  }

  #of(partition: string): Commit[] {
    let commits = this.#commits.get(partition)
    if (commits === undefined) {
      commits = []
      this.#commits.set(partition, commits)
    }
    return commits
  }
}
