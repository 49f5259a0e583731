/** The lines of a day of usage: as they are added to a file, and read from it. */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { minuteOf } from './days.ts'
import { countNames, noCounts, type Row } from './row.ts'

/** As much as file systems write in one go, so that lines of several processes do not mix. */
const maxWrite = 4096

/** Another process may have died in the middle of a line. */
async function endsWithLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return true
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] === 0x0a
}

/** Rows that were written whole, the first ones; and why not all were. */
export interface Written {
  count: number
  fault?: NodeJS.ErrnoException
}

export async function appendLines(
  file: string,
  rows: readonly Row[],
  now: number,
): Promise<Written> {
  const { O_RDWR, O_APPEND, O_CREAT } = constants
  const handle = await open(file, O_RDWR | O_APPEND | O_CREAT, 0o600)
  let count = 0
  try {
    for (const lines of portions(rows.map((row) => `${lineOf(row, now)}\n`))) {
      const before = (await endsWithLine(handle)) ? '' : '\n'
      const bytes = Buffer.from(before + lines.join(''))
      const { bytesWritten } = await handle.write(bytes)
      if (bytesWritten < bytes.length) {
        const written = bytes.toString('utf8', 0, bytesWritten).split('\n')
        return { count: count + written.filter(objectFrom).length, fault: diskFull() }
      }
      count += lines.length
    }
    return { count }
  } catch (error) {
    return { count, fault: error as Error }
  } finally {
    await handle.close()
  }
}

/** A write that stops early has found no room; only the next one would say so. */
function diskFull(): NodeJS.ErrnoException {
  return Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })
}

/** As many lines at a time as fit into one write. */
function portions(lines: readonly string[]): string[][] {
  const all: string[][] = []
  let size = maxWrite
  for (const line of lines) {
    const bytes = Buffer.byteLength(line)
    if (size + bytes > maxWrite) {
      all.push([])
      size = 1
    }
    all.at(-1)!.push(line)
    size += bytes
  }
  return all
}

function lineOf(row: Row, now: number): string {
  const { client, model, endpoint, account } = row
  const counts = countNames.filter((name) => row[name] !== 0).map((name) => [name, row[name]])
  return JSON.stringify({
    t: minuteOf(now),
    client,
    model,
    endpoint,
    account,
    ...Object.fromEntries(counts),
  })
}

/** Undefined if it is not a row. */
export function rowOf(line: JsonObject | undefined, day: string): Row | undefined {
  const { client, model, endpoint, account } = line ?? {}
  const names = { client, model, endpoint, account }
  if (!Object.values(names).every((name) => typeof name === 'string')) return undefined
  const row = { day, ...(names as Record<keyof typeof names, string>), ...noCounts() }
  for (const name of countNames) {
    const count = line?.[name]
    if (typeof count === 'number' && Number.isSafeInteger(count)) row[name] = count
  }
  return row
}
