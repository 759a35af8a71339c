import { spawnSync } from 'node:child_process'

/** Whether an outside tool is installed; tests that need it skip with this as their reason. */
export function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0
}
