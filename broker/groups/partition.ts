/** Which coordinator partition owns a group id, as in Kafka. */

/** The topic that holds committed offsets and group metadata. */
export const OFFSETS_TOPIC = '__consumer_offsets'

/** Java's String.hashCode: 31-polynomial over UTF-16 units, int32 wrap-around. */
export function javaHashCode(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}

/** Kafka's `Utils.abs(key.hashCode()) % count`, where abs of the smallest int is 0. */
export function coordinatorPartition(key: string, count: number): number {
  const hash = javaHashCode(key)
  return hash === -2_147_483_648 ? 0 : Math.abs(hash) % count
}
