// Generated from schema/data-principal.ts: change that file and run `npm run generate`.
import type { Reader } from '../reader.ts'
import { unsupportedVersion } from '../wire-error.ts'
import type { Writer } from '../writer.ts'

/** Who sent a request, when one broker passes it on to another. Versions 0. */
export interface DefaultPrincipal {
  /** Kind of principal, e.g. User. */
  type: string
  /** Name. */
  name: string
  /** Logged in with a delegation token. */
  tokenAuthenticated: boolean
}

/** Reads a DefaultPrincipal. Throws `WireError` for bad bytes. */
export function readDefaultPrincipal(r: Reader, version: number): DefaultPrincipal {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('DefaultPrincipal', version)
  const type = r.compactString()
  const name = r.compactString()
  const tokenAuthenticated = r.bool()
  r.skipTags()
  return { type, name, tokenAuthenticated }
}

/** Writes a DefaultPrincipal; fields the version lacks are left out. */
export function writeDefaultPrincipal(w: Writer, m: DefaultPrincipal, version: number): void {
  if (!(version >= 0 && version <= 0)) throw unsupportedVersion('DefaultPrincipal', version)
  w.compactString(m.type)
  w.compactString(m.name)
  w.bool(m.tokenAuthenticated)
  w.unsignedVarint(0)
}

