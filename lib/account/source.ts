/**
 * Where the account comes from: the first of key, refresh token, auth file and kept login that exists. Logins that lie on this
 * machine, ours and those that the original droid2api and its forks left, are read and never changed.
 */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { hashOf, isLoginFile } from './file-store.ts'
import { EmptyFileError, TokenFileError, tokensFrom, type StoredTokens } from './token-file.ts'
import { decodeText, unreadableWithRemedy } from '../config/text-file.ts'
import type { Config } from '../config/types.ts'

export type Source =
  | { kind: 'factory_api_key'; key: string }
  /** `seed` is only the starting value; the renewed pair is kept in a file in `folder`, that of the account `name` */
  | { kind: 'droid_refresh_key'; folder: string; seed: string; name?: string }
  | { kind: 'auth_file'; file: string }
  /** one that an earlier start kept, without the variable that it began with; `start`: where it is until then */
  | { kind: 'kept_login'; file: string; start?: FoundLogin }
  | { kind: 'none' }

/** Those whose tokens are renewed. */
export type RotatingSource = Exclude<Source, { kind: 'factory_api_key' } | { kind: 'none' }>

export function isRotating(source: Source): source is RotatingSource {
  return source.kind !== 'factory_api_key' && source.kind !== 'none'
}

export interface Finding {
  source: Source
  /** what else lies about, and what that means; a sentence each */
  notes: string[]
}

export function findSource(config: Config): Source {
  return findAccount(config).source
}

/** Reads what is there; nothing is changed. */
export function findAccount(config: Config): Finding {
  const { secrets, auth, data_dir: dataDir } = config
  if (secrets.factory_api_key)
    return just({ kind: 'factory_api_key', key: secrets.factory_api_key })
  if (secrets.droid_refresh_key) {
    const seed = secrets.droid_refresh_key
    return just({ kind: 'droid_refresh_key', folder: dataDir, seed })
  }
  const kept = loginsIn(dataDir)
  const file = auth.file && existsSync(auth.file) ? auth.file : undefined
  const found = file
    ? besideFile(file, kept)
    : kept.length > 0
      ? withoutVariable(kept)
      : amongOld(config)
  return auth.file && found.source.kind !== 'kept_login' ? withEncrypted(found, auth.file) : found
}

/** A newer droid CLI leaves the auth file as it was, with a token that is soon spent. */
function withEncrypted({ source, notes }: Finding, authFile: string): Finding {
  const file = encryptedLogin(authFile)
  if (!file) return { source, notes }
  const note = `the droid CLI keeps its login encrypted in ${file}, which is not read: set FACTORY_API_KEY or DROID_REFRESH_KEY`
  return { source, notes: [...notes, note] }
}

function just(source: Source): Finding {
  return { source, notes: [] }
}

/** The auth file is what other programs renew; a login that began with its very token is what has become of it. */
function besideFile(file: string, kept: FoundLogin[]): Finding {
  const login = loginsIn(path.dirname(file), [path.basename(file)])[0]
  const inFile = login?.tokens && hashOf(login.tokens.refresh)
  const heir = kept.find(({ tokens }) => inFile && tokens?.seedHash === inFile)
  if (heir) {
    const note = `the login in ${heir.file} is used: it began with the token in ${file}, which is spent`
    return { source: { kind: 'kept_login', file: heir.file }, notes: [note] }
  }
  const others = kept.filter((one) => one.file !== file && one.tokens)
  const notes = others.map((one) => `the login in ${one.file} is not used: ${file} comes first`)
  return { source: { kind: 'auth_file', file }, notes }
}

/** One login serves; with several the operator has to choose. */
function withoutVariable(kept: FoundLogin[]): Finding {
  const [only, ...others] = kept.filter(({ tokens }) => tokens)
  const notes = kept.flatMap(({ fault }) => fault ?? [])
  if (only && others.length === 0) {
    const note = `DROID_REFRESH_KEY is not set; the login kept in ${only.file} is used`
    return { source: { kind: 'kept_login', file: only.file }, notes: [note, ...notes] }
  }
  if (only) {
    const files = [only, ...others].map(({ file }) => file).join(', ')
    notes.push(
      `several logins are kept (${files}), so none is used: set DROID_REFRESH_KEY to the value that yours began with, or AUTH_FILE to its file`,
    )
  }
  return { source: { kind: 'none' }, notes }
}

/** What the original and its forks left. Only a place that the operator chose is believed. */
function amongOld(config: Config): Finding {
  const [ours, ...others] = oldLogins(config).filter(({ tokens }) => tokens)
  if (!ours) return just({ kind: 'none' })
  const kept = path.join(config.data_dir, 'auth.json')
  if (!ours.isTrusted) {
    return { source: { kind: 'none' }, notes: [ours, ...others].map(whatToDo(kept)) }
  }
  const note = `the login in ${ours.file} is used, and kept in ${kept} once it is renewed`
  return { source: { kind: 'kept_login', file: kept, start: ours }, notes: [note] }
}

function whatToDo(kept: string): (login: FoundLogin) => string {
  return ({ file }) => `a renewed login lies in ${file}; to use it, move it to ${kept}`
}

/** What a user without an account can provide. */
export function lookedFor({ auth }: Config): string[] {
  return ['FACTORY_API_KEY', 'DROID_REFRESH_KEY', ...(auth.file ? [auth.file] : [])]
}

export interface FoundLogin {
  file: string
  tokens?: StoredTokens
  /** what is wrong with it, where it holds no pair */
  fault?: string
  /** whether the operator chose the place: the program's own folder, or that of the configuration */
  isTrusted: boolean
}

/** Those in a folder, the first login first; empty files are none. */
function loginsIn(folder: string, names = loginNames(folder)): FoundLogin[] {
  return names.flatMap((name) => read(path.join(folder, name), true) ?? [])
}

function loginNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(isLoginFile)
      .toSorted((one, other) => one.length - other.length)
  } catch {
    // there is no such folder, or it is not ours: saving reports it
    return []
  }
}

/**
 * The original keeps what it renews in `auth.json` of the folder it runs in, forks in `data/auth.json` of it. What lies in
 * the folder that this program was started in may be anybody's.
 */
export function oldLogins(config: Config): FoundLogin[] {
  const chosen = new Set([config.program_dir, path.dirname(config.file)])
  const folders = new Set([...chosen, config.start_dir])
  const known = new Set([config.auth.file, path.join(config.data_dir, 'auth.json')])
  return [...folders].flatMap((folder) =>
    ['auth.json', path.join('data', 'auth.json')]
      .map((name) => path.join(folder, name))
      .filter((file) => !known.has(file))
      .flatMap((file) => read(file, chosen.has(folder)) ?? []),
  )
}

/**
 * A login that a newer droid CLI keeps encrypted beside the auth file; undefined where there is none, or where the auth file
 * is newer. Source: the names in openusage's pull request 268 and in u53/droid2api's account-manager.js, read 2026-11.
 */
function encryptedLogin(authFile: string): string | undefined {
  const folder = path.dirname(authFile)
  const writtenAt = changedAt(authFile) ?? 0
  return ['auth.v2.file', 'auth.encrypted']
    .map((name) => path.join(folder, name))
    .find((file) => (changedAt(file) ?? 0) > writtenAt)
}

function changedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs
}

function read(file: string, isTrusted: boolean): FoundLogin | undefined {
  try {
    const text = decodeText(readFileSync(file))
    return { file, tokens: tokensFrom(text, file, statSync(file).mtimeMs), isTrusted }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof EmptyFileError || code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const fault =
      error instanceof TokenFileError
        ? error.message
        : `${file} ${unreadableWithRemedy(error as Error)}`
    return { file, fault, isTrusted }
  }
}
