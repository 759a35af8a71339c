/** Checks what comes in against the routes' schemas, and says which field is wrong. */
import { Ajv, type ErrorObject, type Options } from 'ajv'
import type { FastifyInstance } from 'fastify'

/** Nothing is dropped, filled in or converted silently. */
const options: Options = {
  removeAdditional: false,
  useDefaults: false,
  coerceTypes: false,
  allErrors: false,
  allowUnionTypes: true,
}

/** Bodies are checked where they are read. Paths and queries are text: their integers are read from it first. */
export function validateInput(app: FastifyInstance): void {
  const ajv = new Ajv(options)
  app.setValidatorCompiler<TextSchema>(({ schema, httpPart = 'request' }) => {
    if (httpPart === 'body') return () => true
    const check = ajv.compile(schema)
    const properties = Object.entries(schema.properties ?? {})
    const integers = properties.filter(([, { type }]) => type === 'integer').map(([name]) => name)
    return (texts: Record<string, unknown>) => {
      for (const name of integers) if (texts[name] !== undefined) texts[name] = integerIn(texts[name])
      return check(texts) ? true : { error: new Error(explain(check.errors ?? [], httpPart)) }
    }
  })
}

interface TextSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>
}

/** Digits as their number; anything else stays what it is, for the schema to refuse. Number('') would be 0. */
function integerIn(text: unknown): unknown {
  return typeof text === 'string' && /^-?\d{1,16}$/.test(text) ? Number(text) : text
}

/** Says what is wrong with a body, null when nothing is. */
export function bodyChecker(schema: object): (body: unknown) => string | null {
  let check: ReturnType<Ajv['compile']> | null = null
  return (body) => {
    check ??= new Ajv(options).compile(schema)
    return check(body) ? null : explain(check.errors ?? [], 'body')
  }
}

/** The deepest complaint: a union complains once for each of its members, and the others never got that far. */
function explain(errors: readonly ErrorObject[], part: string): string {
  let best: ErrorObject | undefined
  for (const error of errors) if (best === undefined || specificity(error) > specificity(best)) best = error
  if (best === undefined) return `${part} is not valid`
  const field = `${part}${best.instancePath.replaceAll('/', '.')}`
  switch (best.keyword) {
    case 'additionalProperties':
      return `${field} has no property ${String(best.params['additionalProperty']).slice(0, 100)}`
    case 'enum':
      return `${field} must be one of ${(best.params['allowedValues'] as unknown[]).join(', ')}`
    case 'anyOf':
      return `${field} must be a record or an array of records`
    default:
      return `${field} ${best.message ?? 'is not valid'}`
  }
}

function specificity({ instancePath, keyword }: ErrorObject): number {
  const depth = instancePath.split('/').length
  // At the same place a wrong type only says that another member of the union was meant.
  return depth * 4 + (keyword === 'type' ? 0 : keyword === 'anyOf' ? 1 : 2)
}
