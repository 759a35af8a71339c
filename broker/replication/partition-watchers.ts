import type { PartitionWatcher, ReplicaWatcher } from './api.ts'

/** Who waits for a partition to change: parked fetches of consumers, and the sessions of followers. */
export class PartitionWatchers {
  /** Made with the first, as thousands of partitions may have none. */
  private consumers: Set<PartitionWatcher> | null = null
  private replicas: Set<ReplicaWatcher> | null = null

  add(watcher: PartitionWatcher): void {
    this.consumers ??= new Set()
    this.consumers.add(watcher)
  }

  remove(watcher: PartitionWatcher): void {
    this.consumers?.delete(watcher)
  }

  addReplica(watcher: ReplicaWatcher): void {
    this.replicas ??= new Set()
    this.replicas.add(watcher)
  }

  removeReplica(watcher: ReplicaWatcher): void {
    this.replicas?.delete(watcher)
  }

  /** Followers have something to fetch. */
  written(): void {
    if (this.replicas !== null) for (const watcher of this.replicas) watcher.written()
  }

  /** So many bytes became visible to consumers. */
  advanced(bytes: number): void {
    if (this.consumers !== null) for (const watcher of this.consumers) watcher.advanced(bytes)
    this.moved()
  }

  /** The high watermark or the log start moved. */
  moved(): void {
    if (this.replicas !== null) for (const watcher of this.replicas) watcher.moved()
  }

  disturbed(): void {
    if (this.consumers !== null) for (const watcher of this.consumers) watcher.disturbed()
    if (this.replicas !== null) for (const watcher of this.replicas) watcher.disturbed()
  }
}
