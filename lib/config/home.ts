/** `~` in paths, which a shell expands and a file does not. */
import path from 'node:path'

export function expandHome(file: string, homeDir: string): string {
  return file === '~' || file.startsWith('~/') ? path.join(homeDir, file.slice(1)) : file
}
