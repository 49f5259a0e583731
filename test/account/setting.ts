/** Accounts of a test's own: a folder, a token server, and whatever is opened on them. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { openAccount, type Account } from '../../lib/account/account.ts'
import { loadConfig } from '../../lib/config/load.ts'
import { createAgents } from '../../lib/network/agents.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer, type TokenServer } from '../helpers/token-server.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

export interface Setting {
  dir: string
  tokens: TokenServer
  lines: string[]
  /** `places`: where the program is and where it was started, the folder unless told */
  open: (env?: Record<string, string>, places?: { cwd?: string; packageDir?: string }) => Account
}

/** A folder, a token server, and accounts on them; with fake clocks where a test asks for them. */
export async function setting(t: TestContext): Promise<Setting> {
  const tokens = await startTokenServer(t)
  const dir = tempDir()
  writeFileSync(
    path.join(dir, 'config.json'),
    JSON.stringify({ auth: { token_url: tokens.url, file: 'auth.json' } }),
  )
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  return {
    dir,
    tokens,
    lines,
    open(env = {}, places = {}) {
      const { config } = loadConfig({
        flags: { config: env.CONFIG_FILE ?? path.join(dir, 'config.json') },
        env: { DATA_DIR: path.join(dir, 'data'), ...env },
        cwd: dir,
        packageDir,
        homeDir: dir,
        ...places,
      })
      const account = openAccount({ config, log, agents: createAgents() })
      t.after(() => account.stop())
      return account
    },
  }
}

/** The auth file as the `droid` command line writes it, its access token living until `expiresAt`. */
export function writeAuthFile(dir: string, tokens: TokenServer, expiresAt: number): string {
  const file = path.join(dir, 'auth.json')
  const fields = { access_token: jwt(expiresAt), refresh_token: tokens.refreshToken, org: 'mine' }
  writeFileSync(file, JSON.stringify(fields))
  return file
}

export function jwt(expiresAt: number): string {
  const payload = Buffer.from(JSON.stringify({ exp: Math.floor(expiresAt / 1000) }))
  return `e30.${payload.toString('base64url')}.c2ln`
}

export function iso(time: number): string {
  return new Date(time).toISOString()
}

export function fieldsOf(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
}
