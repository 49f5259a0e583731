/** `droid2api key NAME`: a new client key, and the entry of `clients` that knows it by its hash. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { hashedKey } from '../config/admin-key.ts'
import type { Config } from '../config/types.ts'
import { isPlainName } from '../config/written-value.ts'
import { UsageError, type CommandLine } from './usage.ts'

/** Bytes: too many to guess. */
const keyBytes = 24

/** The configuration that survives an upgrade: not the one that ships with the program. */
export interface OwnFile {
  path: string
  isThere: boolean
}

export function ownFile({
  file,
  data_dir: dataDir,
  program_dir: programDir,
}: Pick<Config, 'file' | 'data_dir' | 'program_dir'>): OwnFile {
  const isShipped = file === path.join(programDir, 'config.json')
  return { path: isShipped ? path.join(dataDir, 'config.json') : file, isThere: !isShipped }
}

/** The key is nowhere but in this text. `file`: where the entry belongs. Throws UsageError. */
export function newKey({ client: name }: Pick<CommandLine, 'client'>, file: OwnFile): string {
  if (name === undefined) throw new UsageError('key needs a name: droid2api key alice')
  if (!isPlainName(name)) {
    throw new UsageError(
      `A name has up to 32 small letters, digits, ".", "_" or "-": ${JSON.stringify(name)} is none`,
    )
  }
  const key = `d2a-${randomBytes(keyBytes).toString('hex')}`
  const entry = JSON.stringify({ name, key: `sha256:${hashedKey(key)}` }, undefined, 1)
  return [
    `Key for ${name}, which is shown this once:`,
    `  ${key}`,
    `Entry for "clients" in ${file.path}${file.isThere ? '' : ', which is not there yet'}:`,
    `  ${entry.replaceAll(/\n\s*/g, ' ')}`,
    ...(file.isThere ? [] : ['A whole file with it, the rest as it is now: { "clients": [ … ] }']),
    'Limits that an entry takes: "requests_per_day": 50, "tokens_per_day": 500000, "expires": "2027-01-31", "models": ["claude-*"].',
    '',
  ].join('\n')
}
