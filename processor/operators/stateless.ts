import type { FilterNode, FlatMapNode, ForEachNode, MapNode } from '../topology/node.ts'
import type { Push, Scope } from './scope.ts'

/** Operators without state, fused: each is one function that calls the next one. */

export function filter(node: FilterNode, scope: Scope, next: Push): Push {
  const { cursor } = scope
  const { fn, id } = node
  return (value) => {
    cursor.node = id
    if (fn(value, cursor)) next(value)
  }
}

export function map(node: MapNode, scope: Scope, next: Push): Push {
  const { cursor } = scope
  const { fn, id } = node
  return (value) => {
    cursor.node = id
    next(fn(value, cursor))
  }
}

export function flatMap(node: FlatMapNode, scope: Scope, next: Push): Push {
  const { cursor } = scope
  const { fn, id } = node
  return (value) => {
    cursor.node = id
    const values = fn(value, cursor)
    if (Array.isArray(values)) {
      for (let i = 0; i < values.length; i++) next(values[i])
      return
    }
    for (const each of values) {
      next(each)
      cursor.node = id
    }
  }
}

export function forEach(node: ForEachNode, scope: Scope): Push {
  const { cursor } = scope
  const { fn, id } = node
  return (value) => {
    cursor.node = id
    fn(value, cursor)
  }
}

/** Hands each value to all, in the order in which they were built. */
export function fanOut(targets: readonly Push[]): Push {
  if (targets.length === 1) return targets[0]!
  return (value) => {
    for (let i = 0; i < targets.length; i++) targets[i]!(value)
  }
}
