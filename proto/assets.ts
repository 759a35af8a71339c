import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The path of a file or folder that comes with the package, such as `proto/models.proto`. `places` are tried in every
 * folder from this module's upwards: the command is bundled, so that no module knows its own depth. Throws when there is none.
 */
export function assetPath(...places: readonly string[]): string {
  let folder = new URL('./', import.meta.url)
  for (;;) {
    for (const place of places) {
      const path = fileURLToPath(new URL(place, folder))
      if (existsSync(path)) return path
    }
    const parent = new URL('../', folder)
    if (parent.href === folder.href) throw new Error(`this installation of millrace has no ${places.join(' or ')}`)
    folder = parent
  }
}
