import { createRequire } from 'node:module'

/** Loads a package that may not be installed, or not for this platform. Null when it cannot be loaded. */
export function loadOptional(name: string): unknown {
  try {
    return createRequire(import.meta.url)(name)
  } catch {
    return null
  }
}
