/**
 * One file for each login that began with a variable. The first login of a folder is in `auth.json`, where older versions
 * and other programs look, too; each further one is in a file with the hash of its starting value in the name. So none
 * overwrites another's, and a value that comes back finds its login again.
 */
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { withFileLock } from './file-lock.ts'
import {
  EmptyFileError,
  readTokens,
  TokenFileError,
  writeTokens,
  type StoredTokens,
} from './token-file.ts'

const firstName = 'auth.json'

/** What stands for a pair that is another login's, or that cannot be read. */
const foreign: StoredTokens = {
  access: undefined,
  refresh: '',
  obtainedAt: 0,
  expiresAt: 0,
  seedHash: 'another',
}

export function isLoginFile(name: string): boolean {
  return name === firstName || /^auth-[0-9a-f]{16}\.json$/.test(name)
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export class SeedFolder {
  readonly seedHash: string
  readonly #seed: string
  readonly #first: string
  readonly #own: string
  #note: string | undefined

  constructor(folder: string, seed: string) {
    this.#seed = seed
    this.seedHash = hashOf(seed)
    this.#first = path.join(folder, firstName)
    this.#own = path.join(folder, `auth-${this.seedHash.slice(0, 16)}.json`)
  }

  get notes(): readonly string[] {
    return this.#note === undefined ? [] : [this.#note]
  }

  async find(): Promise<string> {
    const own = await readTokens(this.#own)
    const first = await this.#readFirst()
    if (first === foreign) return this.#own
    if (!own) return this.#first
    // an older version knows `auth.json` alone
    return first?.seedHash && first.obtainedAt > own.obtainedAt ? this.#first : this.#own
  }

  /** A folder that cannot be written stays as it is: saving says so. Throws TurnError where the turn does not come. */
  async claim(leaving: AbortSignal): Promise<string> {
    const file = await this.find()
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 }).catch(() => undefined)
    if (file === this.#own || (await this.#readFirst())?.seedHash === this.seedHash) return file
    await withFileLock(this.#first, () => this.#stamp(), { leaving, say: () => undefined })
    return await this.find()
  }

  /** Nobody's login becomes ours, and a place without one is taken before a token is spent for it. */
  async #stamp(): Promise<void> {
    const stored = await this.#readFirst()
    if (stored?.seedHash) return
    const stub = { access: undefined, refresh: this.#seed, obtainedAt: 0, expiresAt: 0 }
    const { seedHash } = this
    await writeTokens(this.#first, { ...(stored ?? stub), seedHash }).catch(() => undefined)
  }

  /** What is in `auth.json`, unless it is another's. What cannot be read there is left alone, and the variable serves. */
  async #readFirst(): Promise<StoredTokens | undefined> {
    this.#note = undefined
    try {
      const stored = await readTokens(this.#first)
      return !stored?.seedHash || stored.seedHash === this.seedHash ? stored : foreign
    } catch (error) {
      if (!(error instanceof TokenFileError)) throw error
      if (error instanceof EmptyFileError) return undefined
      const reason = error.message.split(/(?<=[.;]) /)[0]!.replace(/[.;]$/, '')
      this.#note = `${reason}; DROID_REFRESH_KEY serves, and its login is kept in ${this.#own}`
      return foreign
    }
  }
}
