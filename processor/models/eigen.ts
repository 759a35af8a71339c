/**
 * Symmetric eigenvalue problem by cyclic Jacobi rotations: slow for thousands of columns, exact and short for tens.
 */
export interface Eigen {
  /** Eigenvalues, largest first. */
  readonly values: Float64Array
  /** Row i is the unit eigenvector of `values[i]`; row-major, `size * size`. */
  readonly vectors: Float64Array
}

const MAX_SWEEPS = 60
const CONVERGED = 1e-22

/** Rotates rows and columns p and q of the symmetric `a` so that a[p][q] becomes zero; `v` collects the rotations. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!
  if (apq === 0) return
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq)
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < n; k++) {
    const x = a[k * n + p]!
    const y = a[k * n + q]!
    a[k * n + p] = c * x - s * y
    a[k * n + q] = s * x + c * y
  }
  for (let k = 0; k < n; k++) {
    const x = a[p * n + k]!
    const y = a[q * n + k]!
    a[p * n + k] = c * x - s * y
    a[q * n + k] = s * x + c * y
  }
  for (let k = 0; k < n; k++) {
    const x = v[p * n + k]!
    const y = v[q * n + k]!
    v[p * n + k] = c * x - s * y
    v[q * n + k] = s * x + c * y
  }
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0
  for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) sum += a[p * n + q]! ** 2
  return sum
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix.
 * @param matrix row-major, `size * size`; not changed.
 */
export function eigenSymmetric(matrix: Float64Array, size: number): Eigen {
  const n = size
  const a = Float64Array.from(matrix)
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  let scale = 0
  for (const x of a) scale += x * x
  for (let sweep = 0; sweep < MAX_SWEEPS && offDiagonal(a, n) > CONVERGED * scale; sweep++) {
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q)
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!)
  const values = new Float64Array(n)
  const vectors = new Float64Array(n * n)
  order.forEach((from, to) => {
    values[to] = a[from * n + from]!
    vectors.set(v.subarray(from * n, from * n + n), to * n)
  })
  return { values, vectors }
}
