import type { Disk } from '../ports/disk.ts'

/** Longer files are read each time they are asked for. No index is as long (`segment.index.bytes` is 10 MiB). */
const KEPT_BYTES_MAX = 16 * 1024 * 1024

/**
 * A disk as one partition's directory is opened through it: its names are listed once, and files read once, so that
 * thousands of logs are open soon. Changes go through, and what they touch is looked up again. Nobody else may change the
 * directory meanwhile, and nobody keeps the view once the log is open.
 */
export function directoryView(disk: Disk, directory: string): Disk {
  const prefix = `${directory}/`
  const files = new Map<string, Buffer>()
  let listed: string[] | null = null
  const names = (): string[] => (listed ??= disk.listSync(directory))
  const isHere = (path: string): boolean => path.startsWith(prefix) && !path.includes('/', prefix.length)
  const changing = <T>(change: () => T): T => {
    files.clear()
    listed = null
    return change()
  }
  return {
    existsSync: (path) => (isHere(path) ? names().includes(path.slice(prefix.length)) : disk.existsSync(path)),
    listSync: (path) => (path === directory ? names() : disk.listSync(path)),
    readFileSync: (path) => {
      const known = files.get(path)
      if (known !== undefined) return known
      const data = disk.readFileSync(path)
      if (isHere(path) && data.length <= KEPT_BYTES_MAX) files.set(path, data)
      return data
    },
    sizeSync: (path) => disk.sizeSync(path),
    openSync: (path, options) => {
      files.delete(path)
      return options?.create === true ? changing(() => disk.openSync(path, options)) : disk.openSync(path, options)
    },
    mkdirSync: (path) => changing(() => disk.mkdirSync(path)),
    replaceSync: (path, data, options) => changing(() => disk.replaceSync(path, data, options)),
    renameSync: (from, to) => changing(() => disk.renameSync(from, to)),
    unlinkSync: (path) => changing(() => disk.unlinkSync(path)),
    unlink: (path, done) => changing(() => disk.unlink(path, done)),
    removeTreeSync: (path) => changing(() => disk.removeTreeSync(path)),
    removeTree: (path, done) => changing(() => disk.removeTree(path, done)),
    syncDirectory: (path, done) => disk.syncDirectory(path, done),
    syncDirectorySync: (path) => disk.syncDirectorySync(path),
    lockSync: (path) => disk.lockSync(path),
  }
}
