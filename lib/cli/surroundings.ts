/** Home and current folder, which a bare environment may lack. Neither is needed to serve. */
import { homedir } from 'node:os'
import path from 'node:path'

/** Where container engines put the home of a user that the system does not know. */
const root = path.parse(import.meta.dirname).root

/** HOME, else the home in the system's list of users, else the root. */
export function homeOrRoot(): string {
  return orRoot(homedir)
}

/** The current folder; the root if it was deleted. */
export function currentDirOrRoot(): string {
  return orRoot(() => process.cwd())
}

function orRoot(ask: () => string): string {
  try {
    return path.resolve(root, ask())
  } catch {
    // an unknown user without HOME, or a folder that was deleted under us
    return root
  }
}
