import { describe, expect, it } from 'vitest'
import type { BrokerView, MetadataView } from '../../../broker/controller/view.ts'
import { shownController } from '../../../broker/handlers/topics/shown-controller.ts'

/** Brokers by id, and whether each is fenced. */
function shown(controllerId: number, fenced: Record<number, boolean>): number {
  const broker = (id: number) => (id in fenced ? ({ id, fenced: fenced[id] } as BrokerView) : undefined)
  return shownController({ controllerId, broker } as MetadataView, 1)
}

describe('whom clients are told to ask for changes', () => {
  it('is the active controller while it serves as a broker', () => {
    expect(shown(2, { 1: false, 2: false })).toBe(2)
  })

  it('is this broker when there is none, or it does not serve', () => {
    expect(shown(-1, { 1: false, 2: false })).toBe(1)
    expect(shown(2, { 1: false, 2: true })).toBe(1)
    expect(shown(7, { 1: false })).toBe(1)
  })

  it('is nobody when this broker does not serve either', () => {
    expect(shown(2, { 1: true, 2: true })).toBe(-1)
  })
})
