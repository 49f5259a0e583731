/** The logins that lie on this machine, ours and those that the original droid2api and its forks left. Read, never changed. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../config/types.ts'
import { decodeText, unreadableWithRemedy } from '../config/text-file.ts'
import { isLoginFile } from './seed-folder.ts'
import { EmptyFileError, TokenFileError, tokensFrom, type StoredTokens } from './token-file.ts'

export interface FoundLogin {
  file: string
  tokens?: StoredTokens
  /** what is wrong with it, where it holds no pair */
  fault?: string
  /** whether the operator chose the place: the program's own folder, or that of the configuration */
  isTrusted: boolean
}

/** Those in a folder, the first login first; empty files are none. */
export function loginsIn(folder: string, names = loginNames(folder)): FoundLogin[] {
  return names.flatMap((name) => read(path.join(folder, name), true) ?? [])
}

function loginNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(isLoginFile)
      .toSorted((one, other) => one.length - other.length)
  } catch {
    // there is no such folder, or it is not ours: saving says more
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
export function encryptedLogin(authFile: string): string | undefined {
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
