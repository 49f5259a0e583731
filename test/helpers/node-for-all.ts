/** A Node that a user other than the one who installed it can start. */
import { copyFileSync, linkSync, statSync } from 'node:fs'
import path from 'node:path'

/** This Node, or a link to it or a copy in `dir` where it lies in a folder of one user's own. */
export function nodeForAll(dir: string): string {
  if (isOpen(path.dirname(process.execPath))) return process.execPath
  const node = path.join(dir, 'node')
  try {
    linkSync(process.execPath, node)
  } catch {
    // on another disk
    copyFileSync(process.execPath, node)
  }
  return node
}

/** Whether everybody may pass this folder and those above it. */
function isOpen(folder: string): boolean {
  const isPassable = (statSync(folder).mode & 0o001) !== 0
  return isPassable && (folder === path.dirname(folder) || isOpen(path.dirname(folder)))
}
