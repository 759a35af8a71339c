/**
 * The Standard Schema interface, version 1 (standardschema.dev): what zod, valibot, arktype, typebox and others implement.
 * Its specification asks implementers to carry their own copy of these types.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema gives after validation. */
export type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

/** Validates now; throws a TypeError that lists the issues with their paths. Schemas that answer later are refused. */
export function validate<Output>(schema: StandardSchema<unknown, Output>, value: unknown): Output {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    result.catch(() => undefined)
    throw new TypeError('the schema validates asynchronously, which a serde cannot wait for')
  }
  if (result.issues === undefined) return result.value
  throw new TypeError(result.issues.map(describe).join('; '))
}

function describe(issue: StandardIssue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}
