/** Test files that share a process. One that cannot be loaded, or that ends the process, does not pass for tests that went well. */
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

export async function load(files: string[]): Promise<void> {
  let loading = ''
  process.on('exit', () => {
    if (loading === '') return
    process.stderr.write(`the process ended while ${loading} was loaded\n`)
    process.exitCode = 1
  })
  for (const file of files) {
    loading = path.relative(process.cwd(), file)
    await import(pathToFileURL(file).href).catch((error: unknown) => {
      test(`${loading} can be loaded`, () => {
        throw error
      })
    })
  }
  loading = ''
}
