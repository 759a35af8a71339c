/** `error`: data is lost, damaged or would be misread. `warning`: a broker's start deals with it. `note`: good to know. */
export type Severity = 'error' | 'warning' | 'note'

/** What would put a finding right, for `planRepair`; absent where nothing but a copy of the data helps. */
export type Remedy =
  | { readonly kind: 'indexes'; readonly baseOffset: number }
  | { readonly kind: 'txn-index'; readonly baseOffset: number }
  | { readonly kind: 'epochs' }
  | { readonly kind: 'epoch-header'; readonly baseOffset: number; readonly position: number; readonly epoch: number }
  | { readonly kind: 'producers'; readonly offset: number }
  | { readonly kind: 'mark' }
  | { readonly kind: 'segment-list' }
  | { readonly kind: 'tail'; readonly baseOffset: number; readonly position: number }
  | { readonly kind: 'region'; readonly region: DamagedRegion }

/** Bytes of a segment that hold no good batch, though what they held had been made durable; none where all of it is gone. */
export interface DamagedRegion {
  readonly baseOffset: number
  /** File positions; `end` is exclusive. */
  readonly start: number
  readonly end: number
  /** The offsets that are lost with them, both inclusive; the last is -1 when nobody knows how many there were. */
  readonly firstOffset: number
  readonly lastOffset: number
}

export interface Finding {
  readonly severity: Severity
  /** The file or directory at fault. */
  readonly file: string
  /** Byte position in the file; -1 = the file as a whole. */
  readonly position: number
  readonly what: string
  /** What to do about it. */
  readonly advice: string
  readonly remedy?: Remedy
}

/** Findings kept of one kind and file: a wrong index has thousands of wrong entries and is still one fault. */
const PER_FILE_MAX = 8

/** Collects findings, and only counts those beyond the first few of a file. */
export class Findings {
  readonly all: Finding[] = []
  readonly #perFile = new Map<string, number>()

  add(severity: Severity, file: string, position: number, what: string, advice: string, remedy?: Remedy): void {
    const key = `${severity} ${file}`
    const count = (this.#perFile.get(key) ?? 0) + 1
    this.#perFile.set(key, count)
    if (count > PER_FILE_MAX && remedy?.kind !== 'region') return
    this.all.push({ severity, file, position, what, advice, ...(remedy === undefined ? {} : { remedy }) })
  }

  /** One more line for each file of which only the first findings were kept. */
  close(): Finding[] {
    for (const [key, count] of this.#perFile) {
      if (count <= PER_FILE_MAX) continue
      const cut = key.indexOf(' ')
      const severity = key.slice(0, cut) as Severity
      const what = `${count - PER_FILE_MAX} more findings like these`
      this.all.push({ severity, file: key.slice(cut + 1), position: -1, what, advice: 'see the first ones' })
    }
    this.#perFile.clear()
    return this.all
  }
}

export const REPAIR_ADVICE = 'run `millrace log repair`'
export const START_ADVICE = 'nothing: the next start of a broker deals with it'
export const RESTORE_ADVICE =
  'restore the partition from a replica or a copy, or see `millrace log repair --accept-loss`'
