/** Names of topics: which are legal, which clash, which are the broker's own. Rules and words are Kafka's. */

const NAME_LENGTH_MAX = 249

/** Topics that the broker makes for itself and clients are told are internal. */
const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
])

export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name)
}

/** The topic that the metadata log would be; clients may not make it. */
export const METADATA_TOPIC = '__cluster_metadata'

/** Topic id of the metadata log, the same in every cluster: 16 bytes, the last one 1. */
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** Null when `name` can be a topic's, else Kafka's message. */
export function topicNameProblem(name: string): string | null {
  const reason = reasonAgainst(name)
  return reason === null ? null : `Topic name is invalid: ${reason}`
}

function reasonAgainst(name: string): string | null {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > NAME_LENGTH_MAX) {
    return `the length of '${name}' is longer than the max allowed length ${NAME_LENGTH_MAX}`
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return null
}

/** Names that differ only in `.` and `_` would share metric names; null for a name with neither. */
export function collisionKey(name: string): string | null {
  return /[._]/.test(name) ? name.replaceAll('.', '_') : null
}
