import type { Disk } from '../../ports/disk.ts'
import { EpochCache } from '../epoch-cache.ts'
import { EPOCH_FILE } from '../file-names.ts'
import { type Findings, REPAIR_ADVICE, type Remedy } from './finding.ts'

/** Where a batch stands whose epoch is in question. */
export interface EpochPlace {
  readonly file: string
  /** Base offset of the segment. */
  readonly segment: number
  readonly position: number
  readonly isDurable: boolean
}

interface Suspect {
  readonly place: EpochPlace
  readonly epoch: number
  readonly baseOffset: number
  /** What the epoch file says, or the epoch before where it says nothing. */
  readonly stated: number
  readonly before: number
}

/**
 * Compares `leader-epoch-checkpoint` with the leader epochs in the batch headers, which are outside the CRC. Epochs only rise:
 * a batch that breaks this has a damaged header, where the file and its neighbours tell the right epoch; headers that rise but
 * differ from the file show that the file is wrong.
 */
export class EpochsCheck {
  readonly #findings: Findings
  readonly #path: string
  readonly #hasFile: boolean
  /** What the file says; null when it is missing or damaged. */
  readonly #stated: EpochCache | null
  /** Of the last epoch in the file. */
  readonly #lastStart: number
  /** Epochs below it are no longer in the file. */
  readonly #logStartOffset: number
  #highest = -1
  /** The batch that raised the epoch last, at odds with the file. */
  #suspect: Suspect | null = null
  /** The first of those that no later batch has contradicted. */
  #first: Suspect | null = null

  constructor(disk: Disk, directory: string, logStartOffset: number, findings: Findings) {
    this.#findings = findings
    this.#logStartOffset = logStartOffset
    this.#path = `${directory}/${EPOCH_FILE}`
    this.#hasFile = disk.existsSync(this.#path)
    const data = this.#hasFile ? disk.readFileSync(this.#path) : Buffer.alloc(0)
    this.#stated = this.#hasFile ? EpochCache.parse(data) : null
    this.#lastStart = Number(/ (\d+)\n$/.exec(data.toString('latin1'))?.[1] ?? 0)
  }

  /** The next batch; `place` is asked for only when something is wrong with it. */
  batch(epoch: number, baseOffset: number, place: () => EpochPlace): void {
    const stated = this.#stated?.epochFor(baseOffset) ?? -1
    if (epoch < this.#highest) {
      const suspect = this.#suspect
      if (suspect === null || epoch < suspect.before) {
        return this.#damagedHeader(place(), epoch, stated < 0 ? this.#highest : stated)
      }
      this.#damagedHeader(suspect.place, suspect.epoch, suspect.stated)
      this.#highest = suspect.before
      this.#suspect = null
    }
    if (epoch === this.#highest) return
    const before = this.#highest
    this.#highest = epoch
    this.#settle()
    const isForgotten = stated < 0 && (this.#stated === null ? before < 0 : baseOffset < this.#logStartOffset)
    if (stated === epoch || isForgotten) return
    this.#suspect = { place: place(), epoch, baseOffset, stated: Math.max(stated, before), before }
  }

  /** `isClean`: the file was written after the last batch. */
  end(endOffset: number, isClean: boolean): void {
    this.#settle()
    const remedy: Remedy = { kind: 'epochs' }
    const add = (isError: boolean, what: string) =>
      this.#findings.add(isError ? 'error' : 'warning', this.#path, -1, what, REPAIR_ADVICE, remedy)
    if (this.#stated === null) {
      const what = this.#hasFile ? 'the file is damaged' : 'the file is missing'
      if (this.#hasFile || this.#highest >= 0) add(false, `${what}: epochs come from the batch headers`)
    } else if (this.#stated.count > 0 && this.#lastStart > endOffset) {
      const epoch = this.#stated.latestEpoch
      add(isClean, `epoch ${epoch} begins at offset ${this.#lastStart}, but the log ends at ${endOffset}`)
    } else if (this.#first !== null) {
      const { epoch, baseOffset, stated, place } = this.#first
      add(place.isDurable, `it has epoch ${stated} for offset ${baseOffset}, where the log has ${epoch}`)
    }
  }

  #settle(): void {
    this.#first ??= this.#suspect
    this.#suspect = null
  }

  #damagedHeader({ file, segment, position, isDurable }: EpochPlace, epoch: number, right: number): void {
    const what = `the batch has leader epoch ${epoch}, where ${right} should be: its header is damaged`
    const remedy: Remedy = { kind: 'epoch-header', baseOffset: segment, position, epoch: right }
    this.#findings.add(isDurable ? 'error' : 'warning', file, position, what, REPAIR_ADVICE, remedy)
  }
}
