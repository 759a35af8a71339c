/** `millrace/testing`: brokers inside your tests. */
export {
  type Cluster,
  type ClusterBroker,
  type ClusterFaults,
  type ClusterOptions,
  startCluster,
  type TopicOptions,
} from './cluster.ts'
export {
  simulate,
  type Simulation,
  type SimulationFaults,
  type SimulationOptions,
  type SimulationResult,
} from './simulation.ts'
export type { SeededRandom } from './sim/random.ts'
export { type DriverOptions, type DriverRecord, type PushRecord, TestDriver, testDriver } from '../processor/index.ts'
