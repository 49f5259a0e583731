/** How the program was called, for the next command that it names: by its name where it is installed, else by its file. */
import path from 'node:path'

export function calledAs(cwd: string): string {
  const program = process.argv[1] ?? ''
  const name = path.basename(program)
  if (name === 'droid2api') return name
  const near = path.relative(cwd, program)
  return `node ${near.startsWith('..') ? program : near}`
}
