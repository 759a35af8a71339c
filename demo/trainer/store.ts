import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { modelSerde } from '../../processor/model-serde.ts'
import type { AnomalyModel } from '../../processor/models/index.ts'

/**
 * Models as files, for audit: every version that was ever published, as the bytes of its record, and beside it what a
 * person wants to know of it. Files are written once, under their final name only when complete.
 */
export class ModelStore {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async save(model: AnomalyModel): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
    const { name, version, id, createdAtMs, trainedFrom, trainingHash, hash, threshold, metrics, pca } = model
    const about = {
      id,
      createdAt: new Date(createdAtMs).toISOString(),
      trainedFrom,
      trainingHash,
      hash,
      threshold,
      components: pca.variances.length,
      metrics,
    }
    const path = join(this.#directory, `${name}-v${version}`)
    await writeWhole(`${path}.model`, modelSerde.encode(model))
    await writeWhole(`${path}.json`, `${JSON.stringify(about, null, 2)}\n`)
  }
}

async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content, { flush: true })
  await rename(`${path}.part`, path)
}
