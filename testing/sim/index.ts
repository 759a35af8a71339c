/** The parts of a simulated world: seeded randomness, virtual time, a disk that fails on demand, and a trace of it all. */
export { SimClock } from './clock.ts'
export { CrashSignal, DiskMisuse, systemError } from './disk/errors.ts'
export { type Death, type DiskFaultKind, diskFaultKinds, DiskFaults } from './disk/faults.ts'
export { SimDisk, type SimDiskOptions } from './disk/sim-disk.ts'
export { SimDirectory, SimFile } from './disk/tree.ts'
export { SeededRandom } from './random.ts'
export { Trace } from './trace.ts'
