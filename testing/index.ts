/** `millrace/testing`: brokers inside your tests. */
export {
  type Cluster,
  type ClusterBroker,
  type ClusterFaults,
  type ClusterOptions,
  startCluster,
  type TopicOptions,
} from './cluster.ts'
export { type DriverOptions, type DriverRecord, type PushRecord, TestDriver, testDriver } from '../processor/index.ts'
