import { readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { assetPath } from '../../proto/assets.ts'

export interface PageFile {
  readonly type: string
  readonly body: Buffer
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
])

/** The built console, by URL path: read once, so that no request ever names a file. Empty when it was not built. */
export function loadPage(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>()
  const root = builtConsole()
  if (root === null) return files
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const type = TYPES.get(extname(entry.name))
    if (!entry.isFile() || type === undefined) continue
    const path = join(entry.parentPath, entry.name)
    files.set(path.slice(root.length).replaceAll('\\', '/'), { type, body: readFileSync(path) })
  }
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}

/** Beside the modules when the package is built; in `dist` when it runs from its sources. Null when it was not built. */
function builtConsole(): string | null {
  try {
    return dirname(assetPath('console/assets', 'dist/console/assets'))
  } catch {
    return null
  }
}
