/** The program as `npm run build` makes it. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'

const packageDir = path.join(import.meta.dirname, '..', '..')

/** Builds it into a folder with nothing beside it but what a release has and the given packages; hands back its file. */
export function buildProgram(dir: string, packages: string[] = []): string {
  const program = path.join(dir, 'dist', 'bin', 'droid2api.js')
  execFileSync('npm', ['run', '--silent', 'build', '--', program], { cwd: packageDir })
  for (const file of ['package.json', 'config.json']) {
    cpSync(path.join(packageDir, file), path.join(dir, file))
  }
  for (const name of packages) {
    const link = path.join(dir, 'node_modules', name)
    mkdirSync(path.dirname(link), { recursive: true })
    symlinkSync(path.join(packageDir, 'node_modules', name), link)
  }
  return program
}
