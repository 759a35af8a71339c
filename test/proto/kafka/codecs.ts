import { readdirSync } from 'node:fs'
import type { Reader } from '../../../proto/kafka/reader.ts'
import type { Writer } from '../../../proto/kafka/writer.ts'

type Message = Record<string, unknown>

const folder = new URL('../../../proto/kafka/generated/', import.meta.url)
const functions = new Map<string, unknown>()
for (const file of readdirSync(folder)) {
  const module = (await import(new URL(file, folder).href)) as Readonly<Record<string, unknown>>
  for (const [name, value] of Object.entries(module)) functions.set(name, value)
}

/** The generated reader of a message, by its name. */
export function readerOf(message: string): (reader: Reader, version: number) => Message {
  return functions.get(`read${message}`) as (reader: Reader, version: number) => Message
}

/** The generated writer of a message, by its name. */
export function writerOf(message: string): (writer: Writer, value: Message, version: number) => void {
  return functions.get(`write${message}`) as (writer: Writer, value: Message, version: number) => void
}
