import type { Services } from '../services.ts'
import type { Admission } from './admission.ts'
import type { Dispatch } from './dispatch.ts'
import type { ProduceGateway } from './produce-gateway.ts'
import type { Waits } from './waits.ts'

/** What the routes may use. */
export interface HttpContext {
  readonly services: Services
  readonly dispatch: Dispatch
  readonly gateway: ProduceGateway
  readonly admission: Admission
  readonly waits: Waits
  /** Null when the broker serves; else why it does not. */
  readonly notReady: () => string | null
}
