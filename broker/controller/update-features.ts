/** UpdateFeatures as a command (KIP-584, KIP-778): levels go up when every broker understands them, all or none. */
import type { FeatureRange, MetadataRecord } from '../../proto/cluster.ts'
import { Errors } from '../../proto/kafka/errors.ts'
import type { FeatureUpdate, ItemResult } from './api.ts'
import { type CommandContext, failure, type Outcome, success } from './core.ts'
import { METADATA_VERSION, supportedFeatures } from './metadata-version.ts'

/** Kafka's reason; null when the level is within the range. */
function reasonAgainst(level: number, who: string, range: FeatureRange | undefined): string | null {
  const { minLevel, maxLevel } = range ?? { minLevel: 0, maxLevel: 0 }
  if (level >= minLevel && level <= maxLevel) return null
  if (maxLevel === 0) return `${who} does not support this feature.`
  return `${who} only supports versions ${minLevel === maxLevel ? minLevel : `${minLevel}-${maxLevel}`}`
}

/** Fenced brokers count, too: they come back to what was agreed on meanwhile. */
function notSupported(
  context: CommandContext,
  name: string,
  level: number,
  own: readonly FeatureRange[],
): string | null {
  const rangeIn = (features: readonly FeatureRange[]) => features.find((feature) => feature.name === name)
  const local = reasonAgainst(level, `Local controller ${context.config.nodeId}`, rangeIn(own))
  if (local !== null) return local
  for (const { id, features } of context.image.brokers()) {
    const reason = reasonAgainst(level, `Broker ${id}`, rangeIn(features))
    if (reason !== null) return reason
  }
  return null
}

function updateProblem(
  context: CommandContext,
  update: FeatureUpdate,
  own: readonly FeatureRange[],
): ItemResult | null {
  const { name, level, upgradeType } = update
  const refuse = (reason: string) =>
    failure(Errors.INVALID_UPDATE_VERSION, `Invalid update version ${level} for feature ${name}. ${reason}`)
  if (upgradeType === 'unknown') return refuse('The controller does not support the given upgrade type.')
  if (level < 0) return refuse('A feature version cannot be less than 0.')
  const reason = notSupported(context, name, level, own)
  if (reason !== null) return refuse(reason)
  const current = context.image.features().get(name) ?? 0
  if (level > current && upgradeType !== 'upgrade') return refuse("Can't downgrade to a newer version.")
  if (level >= current) return null
  if (upgradeType === 'upgrade') {
    return refuse(
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    )
  }
  if (name !== METADATA_VERSION) return null
  // Every level so far changed what is in the records.
  const why =
    upgradeType === 'unsafe-downgrade'
      ? 'Unsafe metadata downgrade is not supported in this version.'
      : 'Refusing to perform the requested downgrade because it might delete metadata information.'
  return failure(Errors.INVALID_UPDATE_VERSION, `Invalid metadata.version ${level}. ${why}`)
}

/** `own`: what the release of the active controller understands. */
export function updateFeatures(
  context: CommandContext,
  updates: readonly FeatureUpdate[],
  validateOnly: boolean,
  own: readonly FeatureRange[] = supportedFeatures(context.config),
): Outcome<ItemResult> {
  const records: MetadataRecord[] = []
  for (const update of updates) {
    const problem = updateProblem(context, update, own)
    if (problem !== null) {
      const message = `The update failed for all features since the following feature had an error: ${problem.message}`
      return { records: [], result: failure(problem.error, message) }
    }
    const { name, level } = update
    if (context.image.features().get(name) !== level) records.push({ kind: 'featureLevel', name, level })
  }
  return { records: validateOnly ? [] : records, result: success }
}
