import { readdirSync } from 'node:fs'
import type { ApiSchema, Message } from '../schema/grammar.ts'

/** One definition file: an API, or messages of other kinds. */
export interface SchemaFile {
  readonly file: string
  readonly api: ApiSchema | null
  readonly messages: readonly Message[]
}

const folder = new URL('../schema/', import.meta.url)

/** Loads every definition: `NN-name.ts` exports one API, `data-name.ts` exports messages. Ordered by file name. */
export async function loadSchemas(): Promise<SchemaFile[]> {
  const files = readdirSync(folder).filter((file) => /^(\d\d|data)-.*\.ts$/.test(file))
  return Promise.all(files.sort().map(loadSchema))
}

async function loadSchema(file: string): Promise<SchemaFile> {
  const module = (await import(new URL(file, folder).href)) as Readonly<Record<string, ApiSchema | Message>>
  const exported = Object.values(module)
  const api = exported.find((value): value is ApiSchema => 'request' in value) ?? null
  // By name, as the order of a module's exports depends on who loads it.
  const messages = exported
    .flatMap((value) => ('request' in value ? [value.request, value.response] : [value]))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  if (api !== null && !file.startsWith(String(api.key).padStart(2, '0')))
    throw new Error(`${file} defines key ${api.key}`)
  return { file, api, messages }
}
