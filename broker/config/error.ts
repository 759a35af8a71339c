/** A bad option: `option` is its name as the user wrote it (property, environment variable or flag). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'INVALID_CONFIG'
  readonly option: string

  constructor(option: string, message: string) {
    super(message)
    this.option = option
  }
}
