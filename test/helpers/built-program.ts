/** The program as `npm run build` makes it: what ships, and starts six times as fast as the source through tsx. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'

const packageDir = path.join(import.meta.dirname, '..', '..')
const distDir = path.join(packageDir, 'dist')
const program = path.join('bin', 'droid2api.js')

let upToDate = false

/** The file of the built program. Builds it first where a source is newer. */
export function builtProgram(): string {
  if (!upToDate) {
    execFileSync(process.execPath, ['-e', "require('./bin/build/make.cjs')"], { cwd: packageDir })
  }
  upToDate = true
  return path.join(distDir, program)
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
