/** Servers that are not npm packages: what a test does where one is not on this machine. */
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** Why to skip the tests that need the server. In CI they are not skipped: they fail. */
export function skipWithout(program: string): string | false {
  return process.env.CI !== 'true' && !isThere(program) && missing(program)
}

/** Throws where the server is not there, saying how to get it. */
export function need(program: string): void {
  if (!isThere(program)) throw new Error(missing(program))
}

function missing(program: string): string {
  return `${program} is not on the PATH: apt-get install ${program}`
}

function isThere(program: string): boolean {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      // not in this one
      return false
    }
  })
}
