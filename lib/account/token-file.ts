/**
 * The file that holds the account's pair of tokens, as the droid CLI, the original droid2api, its forks or we wrote it.
 * Fields of other programs are kept, and those that repeat the pair are kept up with it.
 */
import { readFile, stat } from 'node:fs/promises'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { decodeText, unreadableWithRemedy } from '../config/text-file.ts'
import { writeFileDurably } from '../store/durable-file.ts'
import { epochMs, storedExpiry } from './token-state.ts'
import type { Tokens } from './token-store.ts'

export interface StoredTokens extends Tokens {
  /** hash of the variable that the pair descends from */
  seedHash?: string
}

/** The file is there, but is not what it should be. The message names it and what to do. */
export class TokenFileError extends Error {}

/** It is not even JSON: nothing in it can be anybody's. */
class BrokenFileError extends TokenFileError {}

/** Nothing is in it, as in a file that was made for a mount. */
export class EmptyFileError extends BrokenFileError {}

/** What we keep beside the pair, under one name of our own. */
interface OwnFields {
  obtained_at?: string
  expires_at?: string
  seed_sha256?: string
}

/** `undefined` when there is no such file. Throws TokenFileError for one that cannot be read or understood. */
export async function readTokens(file: string): Promise<StoredTokens | undefined> {
  const text = await readText(file)
  if (text === undefined) return undefined
  const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }))
  return tokensFrom(text, file, mtimeMs)
}

/** In: a file's text, its name for messages, and when it was written. Throws TokenFileError. */
export function tokensFrom(text: string, file: string, writtenAt: number): StoredTokens {
  const fields = fieldsFrom(text, file)
  const { refresh_token: refresh, droid2api } = fields
  if (typeof refresh !== 'string' || refresh.trim() === '') {
    const Fault = Object.keys(fields).length === 0 ? EmptyFileError : TokenFileError
    throw new Fault(`${file} holds no refresh_token. Log in again, or delete the file.`)
  }
  const own = (isObject(droid2api) ? droid2api : {}) as OwnFields
  // `api_key` is what a fork calls it
  const access = textOf(fields.access_token) ?? textOf(fields.api_key)
  const obtainedAt = timeOf(own.obtained_at) ?? timeOf(fields.last_refresh) ?? writtenAt
  const expiresAt = timeOf(own.expires_at) ?? timeOf(fields.expires_at)
  return {
    access,
    refresh: refresh.trim(),
    obtainedAt: access ? obtainedAt : 0,
    expiresAt: access ? (expiresAt ?? storedExpiry(access, obtainedAt)) : 0,
    ...(typeof own.seed_sha256 === 'string' && { seedHash: own.seed_sha256 }),
  }
}

/**
 * Puts the pair into the file. Gives the code of what kept the file from being replaced whole, where it was overwritten
 * instead. Throws what the file system throws.
 */
export async function writeTokens(file: string, tokens: StoredTokens): Promise<string | undefined> {
  const others = (await readFields(file)) ?? {}
  const seedHash = tokens.seedHash ?? (others.droid2api as OwnFields | undefined)?.seed_sha256
  const own: OwnFields = {
    obtained_at: new Date(tokens.obtainedAt).toISOString(),
    expires_at: new Date(tokens.expiresAt).toISOString(),
    ...(seedHash && { seed_sha256: seedHash }),
  }
  const fields = {
    ...others,
    ...repeated(others, tokens),
    access_token: tokens.access,
    refresh_token: tokens.refresh,
    droid2api: own,
  }
  return await writeFileDurably(file, `${JSON.stringify(fields, null, 2)}\n`)
}

/** The pair under the names of other programs; only those that are there already. */
function repeated(others: JsonObject, { access, obtainedAt, expiresAt }: Tokens): JsonObject {
  const values: JsonObject = {
    api_key: access,
    last_updated: new Date(obtainedAt).toISOString(),
    last_refresh: obtainedAt,
    expires_at: expiresAt,
  }
  const known = Object.keys(values).filter((key) => typeof others[key] === typeof values[key])
  return Object.fromEntries(known.map((key) => [key, values[key]]))
}

/** Undefined for a torn file too: the pair at hand is newer than anything it held. */
async function readFields(file: string): Promise<JsonObject | undefined> {
  try {
    const text = await readText(file)
    return text === undefined ? undefined : fieldsFrom(text, file)
  } catch (error) {
    if (error instanceof BrokenFileError) return undefined
    throw error
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return decodeText(await readFile(file))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new TokenFileError(`${file} ${unreadableWithRemedy(error as Error)}`)
  }
}

function fieldsFrom(text: string, file: string): JsonObject {
  const fields = objectFrom(text)
  if (fields && !holdsAccounts(fields)) return fields
  if (fields || /^\s*\[/.test(text)) {
    throw new TokenFileError(
      `${file} holds a list of accounts; one is used. Set DROID_REFRESH_KEY to the refresh_token of the one to use; the file is left as it is.`,
    )
  }
  const Fault = text.trim() === '' ? EmptyFileError : BrokenFileError
  throw new Fault(
    `${file} is not a JSON object with tokens; it is left as it is. Log in again, or delete the file.`,
  )
}

/** Forks keep several accounts in one file, as a list or below names. */
function holdsAccounts(fields: JsonObject): boolean {
  if (fields.refresh_token !== undefined) return false
  const members = Object.values(fields).flatMap((member) =>
    Array.isArray(member) ? member : [member],
  )
  return members.some((member) => isObject(member) && typeof member.refresh_token === 'string')
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' ? undefined : text
}

/** Of a text in ISO format, or of a number of ms or seconds. */
function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return epochMs(value)
  const time = Date.parse(value)
  return time > 0 ? time : undefined
}
