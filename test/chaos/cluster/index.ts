import type { Scenario } from '../scenario.ts'
import { failedSync, failedWrite } from './errors.ts'
import { fullDisk, fullDisks } from './full-disk.ts'
import { isolateLeader, oneWay, pauseOne } from './hang.ts'
import { kcat } from './kcat.ts'
import { killController, killLeader, killOne, killThree, killTwo, rolling } from './kill.ts'
import { amnesiac, powerCutOne, totalOutage, unsyncedOutage } from './power.ts'
import { mixedFaults } from './mixed.ts'

/** `npm run chaos -- cluster`, in this order. */
export const clusterScenarios: readonly Scenario[] = [
  killOne,
  killLeader,
  killController,
  killTwo,
  killThree,
  rolling,
  kcat,
  pauseOne,
  isolateLeader,
  oneWay,
  powerCutOne,
  totalOutage,
  unsyncedOutage,
  amnesiac,
  failedSync,
  failedWrite,
  fullDisk,
  fullDisks,
  mixedFaults,
]
