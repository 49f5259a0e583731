/** Servers and browsers that are not npm packages: what a test does where one is not on this machine. */
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** Why to skip the tests that need the program. In CI they are not skipped: they fail. */
export function skipWithout(program: string): string | false {
  return process.env.CI !== 'true' && fileOf(program) === undefined && missing(program)
}

/** Its file. Throws where it is not there, saying how to get it. */
export function need(program: string): string {
  const file = fileOf(program)
  if (file === undefined) throw new Error(missing(program))
  return file
}

function missing(program: string): string {
  return `${program} is not on the PATH: apt-get install ${program}`
}

function fileOf(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  return folders
    .map((folder) => path.join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        // not in this one
        return false
      }
    })
}
