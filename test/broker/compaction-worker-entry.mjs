// The worker's entry from its source, as tests have no built file.
import { register } from 'tsx/esm/api'

register()
await import('../../broker/compaction-worker.ts')
