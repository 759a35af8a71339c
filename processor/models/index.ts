export { type Eigen, eigenSymmetric } from './eigen.ts'
export { type EpisodeChange, Episodes, type EpisodeState } from './episodes.ts'
export { fitFlatline, FlatlineDetector, type FlatlineState } from './flatline.ts'
export { type History, historyOf } from './history.ts'
export { fitMaxZ, maxZ, scoreMaxZ } from './max-z.ts'
export {
  ALARM_RARITY,
  type AnomalyModel,
  type FlatlineModel,
  type MaxZModel,
  type PcaModel,
  type TrainedFrom,
} from './model.ts'
export { type DetectorState, type MetricShare, PcaDetector, STATISTICS } from './pca.ts'
export { fitPca, type PcaOptions } from './pca-fit.ts'
export { fitPareto, fitTail, rarity, type Tail, TAIL_SHARE } from './tail.ts'
