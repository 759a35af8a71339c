import type { Scenario } from '../scenario.ts'
import { eioSync, eioWrite, enospc, shortWrite } from './errors.ts'
import { kill, killPageCache } from './kill.ts'
import { descriptors, fileSize, full } from './limits.ts'
import { powerCut } from './power-cut.ts'
import { pause, slowSync } from './slow.ts'

/** `npm run chaos -- disk`, in this order. */
export const diskScenarios: readonly Scenario[] = [
  kill,
  killPageCache,
  powerCut,
  eioSync,
  eioWrite,
  enospc,
  shortWrite,
  slowSync,
  full,
  fileSize,
  descriptors,
  pause,
]
