/** `droid2api key NAME`: a new client key, and the entry of `clients` that knows it by its hash. */
import { randomBytes } from 'node:crypto'
import { hashedKey } from '../config/admin-key.ts'
import { isPlainName } from '../config/written-value.ts'
import { UsageError, type CommandLine } from './usage.ts'

/** Bytes: too many to guess. */
const keyBytes = 24

/** The key is nowhere but in this text. Throws UsageError. */
export function newKey({ client: name }: Pick<CommandLine, 'client'>): string {
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
    'Entry for "clients" in config.json, to which limits can be added:',
    `  ${entry.replaceAll(/\n\s*/g, ' ')}`,
    '',
  ].join('\n')
}
