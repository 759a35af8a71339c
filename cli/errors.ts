/** Wrong use or an environment that cannot work: one line on stderr, exit code 2, nothing changed. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

interface Coded {
  readonly code?: unknown
  readonly message?: unknown
}

/** Exit code of an error: 2 for wrong use, a busy port, a directory that cannot be used; 1 for what failed at work. */
export function exitCodeOf(error: unknown): 1 | 2 {
  if (error instanceof UsageError) return 2
  const code = (error as Coded | null)?.code
  return typeof code === 'string' && (code.startsWith('commander.') || environmentCodes.has(code)) ? 2 : 1
}

const environmentCodes = new Set([
  'INVALID_CONFIG',
  'PORT_IN_USE',
  'LOCKED',
  'FOREIGN',
  'UNWRITABLE',
  'DAMAGED',
  'NEWER_FORMAT',
  'LOG_CORRUPT',
  'CANNOT_LISTEN',
  'TOO_FEW_DESCRIPTORS',
  'NOT_A_MEMBER',
  'EADDRINUSE',
  'EACCES',
])

/** The error as one printable line: control characters of foreign input removed. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // Control characters would let a broker's answer rewrite the terminal.
  return text.replace(/\s+/g, ' ').replace(/\p{Cc}/gu, '')
}
