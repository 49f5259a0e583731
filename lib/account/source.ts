/** Where the account comes from: the first of key, refresh token and auth file that exists. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '../config/types.ts'

export type Source =
  | { kind: 'factory_api_key'; key: string }
  /** `seed` is only the starting value; the renewed pair is kept in `file` */
  | { kind: 'droid_refresh_key'; file: string; seed: string }
  | { kind: 'auth_file'; file: string }
  | { kind: 'none' }

/** Those whose tokens are renewed. */
export type RotatingSource = Extract<Source, { file: string }>

export function findSource({ secrets, auth, data_dir: dataDir }: Config): Source {
  if (secrets.factory_api_key) return { kind: 'factory_api_key', key: secrets.factory_api_key }
  if (secrets.droid_refresh_key) {
    const file = path.join(dataDir, 'auth.json')
    return { kind: 'droid_refresh_key', file, seed: secrets.droid_refresh_key }
  }
  if (auth.file && existsSync(auth.file)) return { kind: 'auth_file', file: auth.file }
  return { kind: 'none' }
}

/** What a user without an account can provide. */
export function lookedFor({ auth }: Config): string[] {
  return ['FACTORY_API_KEY', 'DROID_REFRESH_KEY', ...(auth.file ? [auth.file] : [])]
}
