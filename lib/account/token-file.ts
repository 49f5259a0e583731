/**
 * The file that holds the account's pair of tokens. It is replaced whole or not at all: temporary file, fsync, rename,
 * fsync of the folder, mode 0600. Fields of other programs are kept.
 */
import { constants } from 'node:fs'
import { mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { JsonObject } from '../../pipelines/wire/chat.ts'
import { objectFrom } from '../../pipelines/wire/json.ts'
import { expiryOf } from './expiry.ts'
import type { Tokens } from './token-store.ts'

export interface StoredTokens extends Tokens {
  /** hash of the variable that the pair descends from */
  seedHash?: string
}

/** The file is there, but is not what it should be. The message names it and what to do. */
export class TokenFileError extends Error {}

/** What we keep beside the pair, under one name of our own. */
interface OwnFields {
  obtained_at?: string
  expires_at?: string
  seed_sha256?: string
}

/** `undefined` when there is no such file. Throws TokenFileError for one that cannot be read or understood. */
export async function readTokens(file: string): Promise<StoredTokens | undefined> {
  const fields = await readFields(file)
  if (!fields) return undefined
  const { access_token: access, refresh_token: refresh, droid2api: own } = fields
  if (typeof refresh !== 'string' || refresh === '') {
    throw new TokenFileError(`${file} holds no refresh_token. Log in again, or delete the file.`)
  }
  const {
    obtained_at: obtained,
    expires_at: expires,
    seed_sha256: seedHash,
  } = (own ?? {}) as OwnFields
  const token = typeof access === 'string' && access !== '' ? access : undefined
  const obtainedAt = token ? (timeOf(obtained) ?? (await stat(file)).mtimeMs) : 0
  return {
    access: token,
    refresh,
    obtainedAt,
    expiresAt: token ? (timeOf(expires) ?? expiryOf(token, obtainedAt)) : 0,
    ...(typeof seedHash === 'string' && { seedHash }),
  }
}

/** Replaces the pair. Throws what the file system throws; the old content is then untouched. */
export async function writeTokens(file: string, tokens: StoredTokens): Promise<void> {
  const others = (await readFields(file)) ?? {}
  const own: OwnFields = {
    obtained_at: new Date(tokens.obtainedAt).toISOString(),
    expires_at: new Date(tokens.expiresAt).toISOString(),
    ...(tokens.seedHash && { seed_sha256: tokens.seedHash }),
  }
  const fields = {
    ...others,
    access_token: tokens.access,
    refresh_token: tokens.refresh,
    droid2api: own,
  }
  await replaceFile(file, `${JSON.stringify(fields, null, 2)}\n`)
}

async function readFields(file: string): Promise<JsonObject | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new TokenFileError(`${file} cannot be read (${code}). Check its owner and mode.`)
  }
  const fields = objectFrom(text)
  if (fields) return fields
  throw new TokenFileError(
    `${file} is not a JSON object with tokens; it is left as it is. Log in again, or delete the file.`,
  )
}

async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const target = await realpath(file).catch(() => file)
  const temporary = `${target}.droid2api.tmp`
  try {
    await writeDurably(temporary, text)
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncFolder(path.dirname(target))
}

async function writeDurably(file: string, text: string): Promise<void> {
  const { O_WRONLY, O_CREAT, O_TRUNC } = constants
  const handle = await open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  try {
    await handle.chmod(0o600)
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A rename is only durable when its folder is; some file systems cannot sync one, and then that is as good as it gets. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

function timeOf(text: unknown): number | undefined {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
