/** `npm run generate`: writes `generated/schemas.ts` and `generated/openapi.ts`; with `--check` fails when they differ. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as admin from './admin.ts'
import * as records from './records.ts'

const target = join(import.meta.dirname, '..', 'generated')
const header = '// Generated from broker/http/schema: change that and run `npm run generate`.\n'

function schemasModule(): string {
  const all: [string, unknown][] = Object.entries({ ...records, ...admin })
  const lines = all.map(([name, schema]) => `export const ${name} = ${JSON.stringify(schema)} as const`)
  return `${header}${lines.join('\n')}\n`
}

async function openapiModule(): Promise<string> {
  // The routes import the generated schemas, so that they can load only now.
  const { describeRoutes } = await import('./openapi.ts')
  return `${header}export const openapi: object = ${JSON.stringify(await describeRoutes(), null, 1)}\n`
}

let different = 0
async function emit(name: string, text: string): Promise<void> {
  const path = join(target, name)
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  different++
  if (process.argv.includes('--check')) console.error(`${path} differs from its source: run npm run generate`)
  else writeFileSync(path, text)
}

await emit('schemas.ts', schemasModule())
await emit('openapi.ts', await openapiModule())
if (different > 0 && process.argv.includes('--check')) process.exitCode = 1
