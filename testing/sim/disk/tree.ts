import type { SeededRandom } from '../random.ts'
import { Bytes } from './bytes.ts'

/** How much of what was never synced a power cut leaves. */
export type Survival = 'all' | 'none' | 'prefix' | 'subset'

const SECTOR_BYTES = 512
const NOTHING = Buffer.alloc(0)
const survivals: readonly Survival[] = ['all', 'none', 'none', 'prefix', 'prefix', 'subset', 'subset', 'subset']

/** Draws how the unsynced part of one file or directory fares. */
export function drawSurvival(random: SeededRandom): Survival {
  return random.pick(survivals)
}

/** An operation that no sync has covered. `order` counts over the whole tree. */
type Unsynced = { readonly order: number; doomed: boolean } & (
  | { readonly kind: 'write'; readonly position: number; readonly length: number; data: Buffer | null }
  | { readonly kind: 'resize'; readonly size: number }
)

/**
 * A file: what a process sees, what is durable, and the writes between the two. As long as it is only appended to, as most
 * are, the durable content is the beginning of the visible one, and the writes are what comes after: nothing is kept twice.
 */
export class SimFile {
  readonly visible: Bytes
  /** How often its content was cut or changed as a whole: whoever reads along must begin anew. */
  shrinks = 0
  /** Null: the first `#durableSize` visible bytes. */
  #durable: Bytes | null = null
  #durableSize: number
  /** Without data of their own while `#durable` is null. */
  #unsynced: Unsynced[] = []

  /** All of the content is durable; it is the file's from now on. */
  constructor(content = new Bytes()) {
    this.visible = content
    this.#durableSize = content.size
  }

  /** Bytes that a power cut leaves for certain, if nothing below them was overwritten since. */
  get durableSize(): number {
    return this.#durable?.size ?? this.#durableSize
  }

  write(data: Buffer, position: number, order: number): void {
    if (position !== this.visible.size) this.#separate()
    const own = this.#durable === null ? null : Buffer.from(data)
    this.visible.write(data, position)
    this.#unsynced.push({ kind: 'write', position, length: data.length, data: own, order, doomed: false })
  }

  resize(size: number, order: number): void {
    this.#separate()
    this.visible.resize(size)
    this.shrinks++
    this.#unsynced.push({ kind: 'resize', size, order, doomed: false })
  }

  /** A sync that began at `order` is done: what came before is durable, but for what a failed sync dropped. */
  cover(order: number): void {
    let covered = 0
    for (const operation of this.#unsynced) {
      if (operation.order >= order) break
      covered++
      if (this.#durable !== null && !operation.doomed) apply(this.#durable, operation)
      else if (operation.kind === 'write') this.#durableSize = operation.position + operation.length
    }
    if (covered > 0) this.#unsynced.splice(0, covered)
  }

  /** A sync that began at `order` failed: the kernel dropped the dirty pages, and the next sync will say all is well. */
  doom(order: number): void {
    this.#separate()
    for (const operation of this.#unsynced) if (operation.order < order) operation.doomed = true
  }

  /** A failed sync has dropped pages that the next process will miss. */
  get hasDropped(): boolean {
    return this.#unsynced.some((operation) => operation.doomed)
  }

  /** Changes the bytes behind everybody's back, durable ones included: decay, or an operator's mistake. */
  tamper(change: (bytes: Bytes) => void): void {
    change(this.#separate())
    change(this.visible)
  }

  /** A copy in which everything visible is durable. */
  copy(): SimFile {
    return new SimFile(Bytes.of(this.visible.view()))
  }

  /** What the next process finds: pages that a failed sync dropped have left the page cache too. */
  afterKill(): void {
    if (!this.hasDropped) return
    this.#unsynced = this.#unsynced.filter((operation) => !operation.doomed)
    this.shrinks++
    this.visible.resize(0)
    this.visible.write(this.#separate().view(), 0)
    for (const operation of this.#unsynced) apply(this.visible, operation)
  }

  /** Something else than an append is to come: from now on the durable bytes and those of each write are kept apart. */
  #separate(): Bytes {
    if (this.#durable !== null) return this.#durable
    const visible = this.visible.view()
    for (const operation of this.#unsynced) {
      if (operation.kind === 'write') operation.data = Buffer.from(dataOf(operation, visible))
    }
    return (this.#durable = Bytes.of(visible.subarray(0, this.#durableSize)))
  }

  /** What a power cut leaves: each unsynced write is there, lost or torn. */
  afterPowerCut(random: SeededRandom): SimFile {
    const left = Bytes.of(this.#separate().view())
    const survival = drawSurvival(random)
    const kept = survival === 'prefix' ? random.below(this.#unsynced.length + 1) : this.#unsynced.length
    // Of what is overwritten, one sector was being written when the power went: each of the others is old or new.
    let mayTearSector = true
    for (const [index, operation] of this.#unsynced.entries()) {
      if (operation.doomed || survival === 'none') continue
      if (survival === 'all' || index < kept - 1) apply(left, operation)
      else if (survival === 'prefix' && index >= kept) break
      else if (operation.kind === 'resize') {
        // A change of size is journalled in order: what follows one is kept only with it.
        if (random.chance(0.5)) break
        apply(left, operation)
      } else if (isInSector(left, operation)) {
        if (overwrite(left, operation, mayTearSector, random)) mayTearSector = false
      } else tear(left, operation, survival, random)
    }
    return new SimFile(left)
  }
}

function apply(bytes: Bytes, operation: Unsynced): void {
  if (operation.kind === 'write') bytes.write(dataOf(operation, NOTHING), operation.position)
  else bytes.resize(operation.size)
}

type Write = Extract<Unsynced, { readonly kind: 'write' }>

/** What it wrote; `visible` has it as long as it is only appended to. */
function dataOf({ data, position, length }: Write, visible: Buffer): Buffer {
  return data ?? visible.subarray(position, position + length)
}

/** The write stays within one sector of what is there already. */
function isInSector(bytes: Bytes, { position, length }: Write): boolean {
  const end = position + length
  return end <= bytes.size && Math.floor(position / SECTOR_BYTES) === Math.floor((end - 1) / SECTOR_BYTES)
}

/** The overwrite arrives, or not, or (true) the sector is torn in it. */
function overwrite(bytes: Bytes, write: Write, mayTear: boolean, random: SeededRandom): boolean {
  const { position } = write
  const data = dataOf(write, NOTHING)
  const luck = random.below(10)
  const isTorn = luck < 2 && mayTear
  if (isTorn) bytes.write(data.subarray(0, random.below(data.length + 1)), position)
  else if (luck < 6) bytes.write(data, position)
  return isTorn
}

/** A part of the write arrives: all of it, nothing, up to some byte, or some of its sectors. */
function tear(bytes: Bytes, write: Write, survival: Survival, random: SeededRandom): void {
  const { position } = write
  const data = dataOf(write, NOTHING)
  const luck = random.below(survival === 'subset' ? 10 : 4)
  if (luck === 0 || data.length === 0) return bytes.write(data.subarray(0, random.below(data.length + 1)), position)
  if (luck === 1) return tearSectors(bytes, position, data, random)
  if (luck < 6) bytes.write(data, position)
}

function tearSectors(bytes: Bytes, position: number, data: Buffer, random: SeededRandom): void {
  const end = position + data.length
  // The size may be written out before the data are: then zeros stand where those should be.
  if (random.chance(0.5) && bytes.size < end) bytes.resize(end)
  for (let from = position; from < end; ) {
    const to = Math.min(end, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES)
    if (random.chance(0.6)) bytes.write(data.subarray(from - position, to - position), from)
    from = to
  }
}

export type SimNode = SimFile | SimDirectory

/** A name made, taken away, or (both, in one step) moved. */
interface NameChange {
  readonly order: number
  readonly unlink: string | null
  readonly link: { readonly name: string; readonly node: SimNode } | null
}

/** A directory: names as a process sees them, as they are durable, and the changes between the two. */
export class SimDirectory {
  readonly visible: Map<string, SimNode>
  readonly #durable: Map<string, SimNode>
  /** How often a visible name was made, taken away or moved: whoever keeps a list of them must begin anew. */
  nameChanges = 0
  #unsynced: NameChange[] = []

  constructor(entries = new Map<string, SimNode>()) {
    this.#durable = entries
    this.visible = new Map(entries)
  }

  /** A copy in which everything visible is durable, as a backup tool takes it. */
  copy(): SimDirectory {
    const entries = new Map<string, SimNode>()
    for (const [name, node] of this.visible) entries.set(name, node.copy())
    return new SimDirectory(entries)
  }

  /** Puts another file or directory in the place of one (null = nothing), durably, behind everybody's back. */
  replace(name: string, node: SimNode | null): void {
    this.nameChanges++
    for (const entries of [this.visible, this.#durable]) {
      if (node === null) entries.delete(name)
      else entries.set(name, node)
    }
    this.#unsynced = this.#unsynced.filter((change) => change.unlink !== name && change.link?.name !== name)
  }

  change(order: number, unlink: string | null, link: NameChange['link']): void {
    const change = { order, unlink, link }
    this.nameChanges++
    applyName(this.visible, change)
    this.#unsynced.push(change)
  }

  cover(order: number): void {
    for (const change of this.#unsynced) if (change.order < order) applyName(this.#durable, change)
    this.#unsynced = this.#unsynced.filter((change) => change.order >= order)
  }

  /** What the next process finds when this one was killed: the page cache survives. */
  afterKill(): void {
    for (const node of this.visible.values()) node.afterKill()
  }

  /** What a power cut leaves: each change of a name happened or not, a rename as one. */
  afterPowerCut(random: SeededRandom): SimDirectory {
    const left = new Map(this.#durable)
    const survival = drawSurvival(random)
    const kept = survival === 'prefix' ? random.below(this.#unsynced.length + 1) : this.#unsynced.length
    for (const [index, change] of this.#unsynced.entries()) {
      if (survival === 'none' || index >= kept || (survival === 'subset' && random.chance(0.5))) continue
      applyName(left, change)
    }
    const entries = new Map<string, SimNode>()
    for (const name of [...left.keys()].sort()) entries.set(name, left.get(name)!.afterPowerCut(random))
    return new SimDirectory(entries)
  }
}

function applyName(entries: Map<string, SimNode>, { unlink, link }: NameChange): void {
  if (unlink !== null && (link === null || entries.get(unlink) === link.node)) entries.delete(unlink)
  if (link !== null) entries.set(link.name, link.node)
}
