import { Errors } from '../../proto/kafka/errors.ts'
import { ApiVersions, UpdateFeatures } from '../../proto/kafka/generated/apis.ts'
import { KafkaError } from '../errors.ts'
import type { Abortable } from '../options.ts'
import { SOFTWARE_NAME, SOFTWARE_VERSION } from '../version.ts'
import type { AdminContext } from './context.ts'
import type { FeatureDescription, FeatureUpdateOptions, FeatureUpdates } from './types.ts'

/** Kafka's FeatureUpdate.UpgradeType codes. */
const UPGRADE = 1
const downgrades = { safe: 2, unsafe: 3 } as const

export async function describeFeatures(
  context: AdminContext,
  signal: AbortSignal | undefined,
): Promise<FeatureDescription[]> {
  const message = { clientSoftwareName: SOFTWARE_NAME, clientSoftwareVersion: SOFTWARE_VERSION }
  const answer = await context.any(ApiVersions, message, signal)
  if (answer.errorCode !== Errors.NONE) throw new KafkaError(answer.errorCode, 'describe features')
  const { supportedFeatures, finalizedFeatures } = answer
  const names = new Set([...supportedFeatures, ...finalizedFeatures].map(({ name }) => name))
  return [...names].sort().map((name) => {
    const supported = supportedFeatures.find((feature) => feature.name === name)
    const agreed = finalizedFeatures.find((feature) => feature.name === name)
    return {
      name,
      minLevel: supported?.minVersion ?? 0,
      maxLevel: supported?.maxVersion ?? 0,
      level: agreed?.maxVersionLevel ?? 0,
    }
  })
}

export async function updateFeatures(
  context: AdminContext,
  levels: FeatureUpdates,
  { downgrade, validateOnly = false, signal }: Abortable & FeatureUpdateOptions,
): Promise<void> {
  const upgradeType = downgrade === undefined ? UPGRADE : downgrades[downgrade]
  const featureUpdates = Object.entries(levels).map(([feature, maxVersionLevel]) => ({
    feature,
    maxVersionLevel,
    allowDowngrade: downgrade !== undefined,
    upgradeType,
  }))
  const message = { timeoutMs: context.requestTimeoutMs, featureUpdates, validateOnly }
  const answer = await context.controller(UpdateFeatures, message, signal, (response) => [response])
  if (answer.errorCode !== Errors.NONE) {
    throw new KafkaError(answer.errorCode, `update features ${Object.keys(levels).join(', ')}`, answer.errorMessage)
  }
  const failed = answer.results.find(({ errorCode }) => errorCode !== Errors.NONE)
  if (failed !== undefined) {
    throw new KafkaError(failed.errorCode, `update feature ${failed.feature}`, failed.errorMessage)
  }
}
