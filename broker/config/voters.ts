/** The voters of the metadata quorum as `controller.quorum.voters` names them: `1@host:9093,2@host:9093,3@host:9093`. */
import { createHash } from 'node:crypto'
import { ConfigError } from './error.ts'
import { parseHostPort } from './listeners.ts'

/** A node that votes, and where its listener for brokers is found. */
export interface Voter {
  readonly id: number
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

const NODE_ID_MAX = 2 ** 31 - 1

function parseVoter(option: string, text: string): Voter {
  const match = /^(\d{1,10})@(.+)$/.exec(text)
  const { host, port } = match === null ? { host: '', port: null } : parseHostPort(option, match[2] ?? '')
  const id = Number(match?.[1])
  if (match === null || id > NODE_ID_MAX || host === '' || port === null || port === 0) {
    throw new ConfigError(option, `${option}: ${text} is not a voter such as 1@host:9093`)
  }
  return { id, host, port }
}

function address({ host, port }: Voter): string {
  return `${host.toLowerCase()}:${port}`
}

/** The voters in the order of their ids. Throws ConfigError for a malformed entry, and when two share an id or an address. */
export function parseVoters(option: string, texts: readonly string[]): Voter[] {
  const voters = texts.map((text) => parseVoter(option, text)).sort((a, b) => a.id - b.id)
  for (const [index, voter] of voters.entries()) {
    const before = voters.slice(0, index)
    if (before.some(({ id }) => id === voter.id)) {
      throw new ConfigError(option, `${option}: voter ${voter.id} is named twice`)
    }
    const twin = before.find((other) => address(other) === address(voter))
    if (twin !== undefined) {
      throw new ConfigError(
        option,
        `${option}: voters ${twin.id} and ${voter.id} have one address, ${formatVoter(voter).split('@')[1]}`,
      )
    }
  }
  return voters
}

export function formatVoter({ id, host, port }: Voter): string {
  return `${id}@${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * The id of the cluster that these voters make, as Kafka prints ids: every machine given the same list comes to the same
 * id, and another list is another cluster. Never with a leading dash, which command lines take for a flag.
 */
export function clusterIdOf(voters: readonly Voter[]): string {
  for (let text = voters.map(formatVoter).join(','); ; text += ' ') {
    const id = createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}
