import { beforeEach, describe, expect, it } from 'vitest'
import type { FeatureUpdate } from '../../../broker/controller/api.ts'
import { updateFeatures } from '../../../broker/controller/update-features.ts'
import { Errors } from '../../../proto/kafka/errors.ts'
import { Cluster } from './image-cluster.ts'

const range = (name: string, maxLevel: number) => ({ name, minLevel: 1, maxLevel })

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster()
  cluster.run({ records: [{ kind: 'featureLevel', name: 'x.version', level: 1 }], result: null })
})

/** On a controller that understands levels 1 to 3 of x.version. */
function update(change: Partial<FeatureUpdate>, validateOnly = false) {
  const whole = { name: 'x.version', level: 2, upgradeType: 'upgrade' as const, ...change }
  return cluster.run(updateFeatures(cluster.context, [whole], validateOnly, [range('x.version', 3)]))
}

const level = () => cluster.image.features().get('x.version')

describe('a rolling upgrade', () => {
  it('raises a level once every broker understands it', () => {
    cluster.register(1, { features: [range('x.version', 2)] })
    cluster.register(2, { features: [range('x.version', 1)] })
    expect(update({})).toMatchObject({ error: Errors.INVALID_UPDATE_VERSION })
    expect(level()).toBe(1)
    cluster.register(2, { features: [range('x.version', 2)] })
    expect(update({})).toEqual({ error: 0, message: null })
    expect(level()).toBe(2)
  })

  it('is only tried with validateOnly', () => {
    expect(update({}, true)).toEqual({ error: 0, message: null })
    expect(level()).toBe(1)
  })

  it('may set the level that there is', () => {
    expect(update({ level: 1 })).toEqual({ error: 0, message: null })
  })

  it('changes all features or none', () => {
    const updates = ['x.version', 'y.version'].map((name) => ({ name, level: 2, upgradeType: 'upgrade' as const }))
    const result = cluster.run(updateFeatures(cluster.context, updates, false, [range('x.version', 3)]))
    expect(result.message).toBe(
      'The update failed for all features since the following feature had an error: Invalid update version 2 for feature y.version. Local controller 1 does not support this feature.',
    )
    expect(level()).toBe(1)
  })
})

describe('a level is refused', () => {
  const reason = (change: Partial<FeatureUpdate>) => {
    const { error, message } = update(change)
    expect(error).toBe(Errors.INVALID_UPDATE_VERSION)
    return message
  }

  it.each([
    [{ level: 4 }, 'Local controller 1 only supports versions 1-3'],
    [{ level: -1 }, 'A feature version cannot be less than 0.'],
    [{ level: 3, upgradeType: 'unknown' }, 'The controller does not support the given upgrade type.'],
    [{ level: 3, upgradeType: 'safe-downgrade' }, "Can't downgrade to a newer version."],
  ] as const)('%o', (change, why) => {
    expect(reason(change)).toContain(`Invalid update version ${change.level} for feature x.version. ${why}`)
  })

  it('that a fenced broker does not understand: it comes back', () => {
    cluster.register(5, { features: [] })
    expect(reason({})).toContain('Broker 5 does not support this feature.')
  })

  it('below the present one, unless a downgrade is asked for', () => {
    update({ level: 3 })
    expect(reason({ level: 2 })).toContain('without setting the upgrade type to either safe or unsafe downgrade')
    expect(update({ level: 2, upgradeType: 'safe-downgrade' }).error).toBe(0)
    expect(level()).toBe(2)
  })

  it('below the present metadata.version, whatever is asked for: records may be in use that the older one lacks', () => {
    cluster.run({ records: [{ kind: 'featureLevel', name: 'metadata.version', level: 1 }], result: null })
    const down = (upgradeType: FeatureUpdate['upgradeType']) => {
      const updates = [{ name: 'metadata.version', level: 0, upgradeType }]
      const own = [{ name: 'metadata.version', minLevel: 0, maxLevel: 1 }]
      return cluster.run(updateFeatures(cluster.context, updates, false, own)).message
    }
    expect(down('safe-downgrade')).toContain('Refusing to perform the requested downgrade')
    expect(down('unsafe-downgrade')).toContain('Unsafe metadata downgrade is not supported')
  })
})
