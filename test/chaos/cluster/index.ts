import type { Scenario } from '../scenario.ts'
import { isolateLeader, oneWay, pauseOne } from './hang.ts'
import { killController, killLeader, killOne, killThree, killTwo, rolling } from './kill.ts'
import { amnesiac, powerCutOne, totalOutage } from './power.ts'
import { changingWeather } from './weather.ts'

/** `npm run chaos -- cluster`, in this order. */
export const clusterScenarios: readonly Scenario[] = [
  killOne,
  killLeader,
  killController,
  killTwo,
  killThree,
  rolling,
  pauseOne,
  isolateLeader,
  oneWay,
  powerCutOne,
  totalOutage,
  amnesiac,
  changingWeather,
]
