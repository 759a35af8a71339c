/**
 * UpdateFeatures (key 57, KIP-584). Versions 0 to 2. 1: upgrade types and validation only (KIP-778); 2: no result per
 * feature.
 */
import { Errors } from '../../proto/kafka/errors.ts'
import { UpdateFeatures } from '../../proto/kafka/generated/apis.ts'
import type {
  FeatureUpdateKey,
  UpdateFeaturesRequest,
  UpdateFeaturesResponse,
} from '../../proto/kafka/generated/57-update-features.ts'
import type { FeatureUpdate, ItemResult } from '../controller/api.ts'
import type { Handler } from './handler.ts'
import { withinTimeout } from './topics/deadline.ts'

/** By Kafka's FeatureUpdate.UpgradeType code. */
const upgradeTypes: readonly FeatureUpdate['upgradeType'][] = [
  'unknown',
  'upgrade',
  'safe-downgrade',
  'unsafe-downgrade',
]

/** The last version with a result for each feature. */
const RESULTS_UNTIL = 1

export const updateFeaturesHandler: Handler<UpdateFeaturesRequest, UpdateFeaturesResponse> = {
  api: UpdateFeatures,
  handle({ featureUpdates, validateOnly, timeoutMs }, context, { controller, clock }) {
    const { apiVersion } = context
    const updates = featureUpdates.map((update) => updateOf(update, apiVersion))
    const answer = ({ error, message }: ItemResult) => {
      const told = error === Errors.NONE && apiVersion <= RESULTS_UNTIL ? updates : []
      context.reply({
        throttleTimeMs: 0,
        errorCode: error,
        errorMessage: message,
        results: told.map(({ name }) => ({ feature: name, errorCode: error, errorMessage: null })),
      })
    }
    withinTimeout<ItemResult>(
      timeoutMs,
      clock,
      (done) => controller.updateFeatures(updates, { validateOnly }, done),
      answer,
      () => answer({ error: Errors.REQUEST_TIMED_OUT, message: null }),
    )
  },
}

function updateOf(update: FeatureUpdateKey, apiVersion: number): FeatureUpdate {
  const { feature, maxVersionLevel, allowDowngrade, upgradeType } = update
  const since1 = upgradeTypes[upgradeType] ?? 'unknown'
  const type = apiVersion >= 1 ? since1 : allowDowngrade ? 'safe-downgrade' : 'upgrade'
  return { name: feature, level: maxVersionLevel, upgradeType: type }
}
