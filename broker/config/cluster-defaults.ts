/** Defaults that depend on how many nodes there are. */

/** Voters from which on a cluster keeps what it acknowledged whichever one of its brokers is lost. */
const VOTERS_TO_REPLICATE = 3

/** The text of each broker option whose default is another in a cluster with so many voters. */
export function clusterDefaults(voters: number): ReadonlyMap<string, string> {
  if (voters < VOTERS_TO_REPLICATE) return new Map()
  return new Map([
    ['default.replication.factor', '3'],
    ['min.insync.replicas', '2'],
  ])
}
