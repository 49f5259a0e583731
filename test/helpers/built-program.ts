/** The program as `npm run build` makes it: what ships, and starts six times as fast as the source through tsx. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'

const packageDir = path.join(import.meta.dirname, '..', '..')
const distDir = path.join(packageDir, 'dist')
const program = path.join('bin', 'droid2api.js')
const sources = ['.build', 'bin', 'lib', 'pipelines', 'package-lock.json']

let upToDate = false

/** The file of the built program. Builds it first where a source is newer. */
export function builtProgram(): string {
  const file = path.join(distDir, program)
  if (!upToDate && !isNewest(file)) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: packageDir })
  }
  upToDate = true
  return file
}

/** A copy of the program with nothing beside it but what a release has and the given packages; hands back its file. */
export function installProgram(dir: string, packages: string[] = []): string {
  builtProgram()
  cpSync(distDir, path.join(dir, 'dist'), { recursive: true })
  for (const file of ['package.json', 'config.json']) {
    cpSync(path.join(packageDir, file), path.join(dir, file))
  }
  for (const name of packages) {
    const link = path.join(dir, 'node_modules', name)
    mkdirSync(path.dirname(link), { recursive: true })
    symlinkSync(path.join(packageDir, 'node_modules', name), link)
  }
  return path.join(dir, 'dist', program)
}

function isNewest(file: string): boolean {
  if (!existsSync(file)) return false
  const { mtimeMs: built } = statSync(file)
  return sources.every((source) => newest(path.join(packageDir, source)) < built)
}

/** When a file, or any file below a folder, was changed last. */
function newest(place: string): number {
  const stats = statSync(place)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(...readdirSync(place).map((name) => newest(path.join(place, name))))
}
