/** Checks what comes in against the routes' schemas, and says which field is wrong. */
import { Ajv, type ErrorObject, type Options } from 'ajv'
import type { FastifyInstance } from 'fastify'

/** Nothing is dropped or filled in silently. */
const options: Options = { removeAdditional: false, useDefaults: false, allErrors: false, allowUnionTypes: true }

/** Paths and queries are text: their numbers are read from it. Bodies are checked where they are read. */
export function validateInput(app: FastifyInstance): void {
  const texts = new Ajv({ ...options, coerceTypes: true })
  app.setValidatorCompiler<object>(({ schema, httpPart }) => (httpPart === 'body' ? () => true : texts.compile(schema)))
  app.setSchemaErrorFormatter((errors, part) => new Error(explain(errors as ErrorObject[], part)))
}

/** Says what is wrong with a body, null when nothing is. In a body a number is a number: nothing is converted. */
export function bodyChecker(schema: object): (body: unknown) => string | null {
  let check: ReturnType<Ajv['compile']> | null = null
  return (body) => {
    check ??= new Ajv({ ...options, coerceTypes: false }).compile(schema)
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
