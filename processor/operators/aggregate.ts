import { aggregateEntryFormat } from '../state/aggregate-entry.ts'
import { KeyedStore } from '../state/keyed-store.ts'
import type { AggregateNode } from '../topology/node.ts'
import type { Push, Scope } from './scope.ts'

/** A running aggregate: the new state of the key goes on with every record. */
export function aggregate(node: AggregateNode, scope: Scope, next: Push) {
  const store = new KeyedStore(node.name, node.keySerde, aggregateEntryFormat(node.stateSerde))
  const { cursor } = scope
  const { id, init, add } = node
  const push: Push = (value) => {
    cursor.node = id
    const key = cursor.key
    if (key === null || key === undefined) {
      scope.drop(id, 'null-key')
      return
    }
    const entry = store.at(key)
    const state = entry.state === undefined ? init(key) : entry.state
    entry.state = add(state, value, cursor)
    store.touch(entry, cursor.timestamp)
    next(entry.state)
  }
  return { store, push }
}
