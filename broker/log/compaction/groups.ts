/** What grouping looks at in a segment. */
export interface GroupedSegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  /** Bytes of its offset index and its time index. */
  readonly indexBytes: number
  readonly timeIndexBytes: number
}

/** What a group may be at most. */
export interface GroupLimits {
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
  readonly segments: number
}

const INT32_MAX = 0x7fffffff

/**
 * Neighbours that become one segment, as Kafka's groupSegmentsBySize: never above `segment.bytes` or `segment.index.bytes`
 * if nothing were removed, and never spanning more offsets than an index can tell. `endOffset`: where the cleanable part ends.
 */
export function groupSegments<T extends GroupedSegment>(
  segments: readonly T[],
  limits: GroupLimits,
  endOffset: number,
): T[][] {
  const groups: T[][] = []
  let group: T[] = []
  let [bytes, indexBytes, timeIndexBytes] = [0, 0, 0]
  segments.forEach((segment, i) => {
    const last = group.at(-1)
    const lastOffset = (segments[i + 1]?.baseOffset ?? endOffset) - 1
    const fits =
      last !== undefined &&
      group.length < limits.segments &&
      bytes + segment.sizeBytes <= limits.segmentBytes &&
      indexBytes + segment.indexBytes <= limits.segmentIndexBytes &&
      timeIndexBytes + segment.timeIndexBytes <= limits.segmentIndexBytes &&
      (segment.sizeBytes === 0 || lastOffset - group[0]!.baseOffset <= INT32_MAX)
    if (!fits) {
      group = []
      groups.push(group)
      bytes = indexBytes = timeIndexBytes = 0
    }
    group.push(segment)
    bytes += segment.sizeBytes
    indexBytes += segment.indexBytes
    timeIndexBytes += segment.timeIndexBytes
  })
  return groups
}
