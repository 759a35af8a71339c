/**
 * What one configuration option is: Kafka's type, default and validator. A value has two forms: the text that Kafka
 * shows and stores, and the typed value that code uses. A LONG of 2^53 or more (Kafka's "never" is 2^63-1)
 * comes as Number.MAX_SAFE_INTEGER, while its text stays exact.
 */
import type { Validator } from './validators.ts'

/** Kafka's ConfigDef.Type names. */
export type ConfigType = 'BOOLEAN' | 'STRING' | 'INT' | 'SHORT' | 'LONG' | 'DOUBLE' | 'LIST'

/**
 * Who may change a broker option while the broker runs: nobody, AlterConfigs on one broker, or AlterConfigs on one broker
 * or on all (`''`). Topic options are all dynamic.
 */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide'

export interface ConfigDefinition<T = unknown> {
  readonly type: ConfigType
  /** Kafka's text form of the default; null = unset. */
  readonly defaultText: string | null
  readonly validator: Validator | null
  /** One or two sentences, unit named. */
  readonly documentation: string
  readonly update: UpdateMode
  /** For tests of the broker: not shown unless set. */
  readonly hidden?: true
  /** Always absent: carries the type of the value to `ValuesOf`. */
  readonly valueType?: T
}

export type Definitions = Readonly<Record<string, ConfigDefinition>>

/** The typed values of a table of definitions, with Kafka's names as keys. */
export type ValuesOf<D extends Definitions> = {
  readonly [K in keyof D]: D[K] extends ConfigDefinition<infer T> ? T : never
}

function define<T>(type: ConfigType) {
  return (
    defaultText: string,
    validator: Validator | null,
    documentation: string,
    update: UpdateMode = 'read-only',
  ): ConfigDefinition<T> => ({ type, defaultText, validator, documentation, update })
}

function defineUnset<T>(type: ConfigType) {
  return (
    validator: Validator | null,
    documentation: string,
    update: UpdateMode = 'read-only',
  ): ConfigDefinition<T | null> => ({ type, defaultText: null, validator, documentation, update })
}

export const bool = define<boolean>('BOOLEAN')
export const string = define<string>('STRING')
export const int = define<number>('INT')
export const short = define<number>('SHORT')
export const long = define<number>('LONG')
export const double = define<number>('DOUBLE')
export const list = define<readonly string[]>('LIST')

/** Hides an option until it is set. */
export function hidden<T>(definition: ConfigDefinition<T>): ConfigDefinition<T> {
  return { ...definition, hidden: true }
}

/** Options without a default: their value is null until set. */
export const unsetString = defineUnset<string>('STRING')
export const unsetInt = defineUnset<number>('INT')
export const unsetLong = defineUnset<number>('LONG')
export const unsetList = defineUnset<readonly string[]>('LIST')
