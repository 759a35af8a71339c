/** What may keep a broker from starting, one line each; the command line prints the message and exits with 2. */

/** The port that was asked for is taken. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError'
  readonly code = 'PORT_IN_USE'
  readonly host: string
  readonly port: number

  constructor(host: string, port: number, cause?: unknown) {
    super(`port ${port} on ${host} is in use`, { cause })
    this.host = host
    this.port = port
  }
}

/** The process may open too few files and sockets to serve with. */
export class DescriptorLimitError extends Error {
  override readonly name = 'DescriptorLimitError'
  readonly code = 'TOO_FEW_DESCRIPTORS'

  constructor(limit: number, least: number) {
    super(`open files are limited to ${limit} (ulimit -n), ${least} or more are needed: raise the limit`)
  }
}

/** The address cannot be bound for another reason: no such interface, a privileged port. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code = 'CANNOT_LISTEN'

  constructor(address: string, cause: Error) {
    super(`cannot listen on ${address}: ${cause.message}`, { cause })
  }
}

/** The broker cannot become part of its cluster, whatever it waits for: another has its id, or it belongs to another cluster. */
export class MembershipError extends Error {
  override readonly name = 'MembershipError'
  readonly code = 'NOT_A_MEMBER'
}
