/** The broker's only source of randomness; the simulator wires a seeded one. */
export interface Random {
  /** A uniform integer in [0, 2^32). */
  uint32(): number
  /** `length` random bytes, unpredictable in production (ids and secrets come from here). */
  bytes(length: number): Buffer
}
