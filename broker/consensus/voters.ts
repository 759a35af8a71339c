/** Who votes: named by the configuration until the log says otherwise, then by the last set in it, committed or not. */
import { ZERO_UUID } from '../../proto/kafka/uuid.ts'

/** Where a voter is found. */
export interface VoterEndpoint {
  readonly id: number
  /** Of its listener for brokers. */
  readonly host: string
  readonly port: number
}

export interface Voter extends VoterEndpoint {
  /** Of its data directory: a node that comes back with an empty disk is not the voter it was. The zero id = not known. */
  readonly directoryId: string
}

/** A set of voters, and where it stands. */
export interface VotersAt {
  /** Of the record in the log; for the set of a snapshot, the last offset that the snapshot covers. */
  readonly offset: number
  readonly voters: readonly Voter[]
  /** The set before, which counts again if the record is cut off; null when it is not known. */
  readonly before: readonly Voter[] | null
}

/** One step from a set of voters to the next (KIP-853): any two majorities of both share a member. */
export type VoterChange =
  | { readonly kind: 'add' | 'update'; readonly voter: Voter }
  | { readonly kind: 'remove'; readonly id: number; readonly directoryId: string }

/** The voters that the configuration names: their directories are not known. */
export function bootstrapVoters(endpoints: readonly VoterEndpoint[]): Voter[] {
  return endpoints.map(({ id, host, port }) => ({ id, host, port, directoryId: ZERO_UUID }))
}

/** Whether the node `id` with this directory is one of the voters. */
export function isVoterAmong(voters: readonly Voter[], id: number, directoryId: string): boolean {
  return voters.some((voter) => voter.id === id && isDirectoryOf(voter, directoryId))
}

function isDirectoryOf(voter: Voter, directoryId: string): boolean {
  return voter.directoryId === ZERO_UUID || voter.directoryId === directoryId
}

/**
 * The set after the change, by id; null when it cannot be made: to add whom there is, to find whom there is not, to leave nobody.
 * A voter whose directory is not known stays one, wherever it is found: only to be added anew ties it to a disk.
 */
export function changedVoters(voters: readonly Voter[], change: VoterChange): Voter[] | null {
  const id = change.kind === 'remove' ? change.id : change.voter.id
  const directoryId = change.kind === 'remove' ? change.directoryId : change.voter.directoryId
  const others = voters.filter((voter) => voter.id !== id)
  if (change.kind === 'add') {
    return others.length < voters.length ? null : [...voters, change.voter].sort((a, b) => a.id - b.id)
  }
  const found = voters.find((voter) => voter.id === id)
  if (found === undefined || !isDirectoryOf(found, directoryId)) return null
  if (change.kind === 'update') {
    return [...others, { ...change.voter, directoryId: found.directoryId }].sort((a, b) => a.id - b.id)
  }
  return others.length === 0 ? null : others
}

export function formatVoters(voters: readonly Voter[]): string {
  return voters
    .map(({ id, directoryId }) => (directoryId === ZERO_UUID ? `${id}` : `${id} (${directoryId})`))
    .join(', ')
}
