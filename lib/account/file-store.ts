/**
 * The pair in a file on this machine: a lock file beside it makes processes take turns. Where the login began with a
 * variable the file is one of several in a folder, one for each value.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { whyNotSaved, writable } from '../store/durable-file.ts'
import { withFileLock } from '../store/file-lock.ts'
import {
  EmptyFileError,
  TokenFileError,
  readTokens,
  writeTokens,
  type StoredTokens,
} from './token-file.ts'
import { StoreError } from '../store/errors.ts'
import type { SaveTokens, TokenStore, Tokens } from './token-store.ts'

/** Which file it is. */
interface Place {
  /** as far as that is known without changing anything */
  find(): Promise<string>
  /** the same, and reserves it for this login */
  claim(leaving: AbortSignal): Promise<string>
  readonly seedHash?: string
  readonly notes: readonly string[]
}

/** One file that is named. */
export function fileStore(file: string): FileStore {
  const place = () => Promise.resolve(file)
  return new FileStore(file, { find: place, claim: place, notes: [] })
}

/** A file in `folder` for the login that began with `seed`; with a name, for that account in the folder below. */
export function seedStore(folder: string, seed: string, name?: string): FileStore {
  const place = new SeedFolder(folder, seed, name)
  return new FileStore(place.first, place)
}

class FileStore implements TokenStore {
  readonly #place: Place
  #file: string
  /** by subject: each stays as long as it holds */
  readonly #notes = new Map<'lock' | 'write', string>()

  constructor(file: string, place: Place) {
    this.#file = file
    this.#place = place
  }

  get place(): string {
    return this.#file
  }

  get notes(): readonly string[] {
    return [...this.#place.notes, ...this.#notes.values()]
  }

  async read(): Promise<StoredTokens | undefined> {
    this.#file = await this.#place.find()
    const stored = await readTokens(this.#file)
    const { seedHash } = this.#place
    const isOurs = !stored?.seedHash || !seedHash || stored.seedHash === seedHash
    return isOurs ? stored : undefined
  }

  async probe(): Promise<string | undefined> {
    this.#file = await this.#place.find()
    return await writable(this.#file)
  }

  async withTurn<T>(work: (save: SaveTokens) => Promise<T>, leaving: AbortSignal): Promise<T> {
    this.#file = await this.#place.claim(leaving)
    const note = (text: string | undefined) => this.#note('lock', text)
    return await withFileLock(this.#file, () => work((pair) => this.#save(pair)), { leaving, note })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #save(pair: Tokens): Promise<Tokens> {
    const { seedHash } = this.#place
    try {
      const code = await writeTokens(this.#file, { ...pair, ...(seedHash && { seedHash }) })
      this.#note('write', code && notReplaced(this.#file, code))
      return pair
    } catch (error) {
      throw new StoreError(whyNotSaved(this.#file, error as Error), { cause: error })
    }
  }

  #note(about: 'lock' | 'write', text: string | undefined): void {
    if (text) this.#notes.set(about, text)
    else this.#notes.delete(about)
  }
}

function notReplaced(file: string, code: string): string {
  return `${file} cannot be replaced (${code}), so it is overwritten: a crash in that moment would lose the login. Mount or open its folder for writing instead of the file alone.`
}

const firstName = 'auth.json'
/** Below the folder, for the logins of accounts with a name. */
const namedFolder = 'accounts'

/** In place of a pair that is another login's, or that cannot be read. */
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

function isNamedFile(name: string): boolean {
  return name.endsWith('.json')
}

async function namesIn(folder: string): Promise<string[]> {
  // there is none yet, or it cannot be read: saving reports that
  return await readdir(folder).catch(() => [])
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/**
 * One file for each login that began with a variable. The first login of a folder is in `auth.json`, where older versions
 * and other programs look, too; each further one is in a file with the hash of its starting value in the name. So none
 * overwrites another's, and a value that comes back finds its login again. An account with a name has a file with that name. A
 * login that was kept under another name, or without one, stays where it is, and is found there by its hash.
 */
class SeedFolder {
  readonly seedHash: string
  readonly first: string
  readonly #seed: string
  readonly #folder: string
  readonly #own: string
  #note: string | undefined

  constructor(folder: string, seed: string, name?: string) {
    this.#seed = seed
    this.#folder = folder
    this.seedHash = hashOf(seed)
    const hash = this.seedHash.slice(0, 16)
    const named = path.join(folder, namedFolder)
    this.first = name ? path.join(named, `${name}.json`) : path.join(folder, firstName)
    this.#own = name
      ? path.join(named, `${name}-${hash}.json`)
      : path.join(folder, `auth-${hash}.json`)
  }

  get notes(): readonly string[] {
    return this.#note === undefined ? [] : [this.#note]
  }

  async find(): Promise<string> {
    const own = await readTokens(this.#own)
    const first = await this.#readFirst()
    if (own && first === foreign) return this.#own
    // an older version knows `auth.json` alone
    if (own) return first?.seedHash && first.obtainedAt > own.obtainedAt ? this.first : this.#own
    if (first?.seedHash && first !== foreign && first.access !== undefined) return this.first
    return (await this.#elsewhere()) ?? (first === foreign ? this.#own : this.first)
  }

  /** A folder that cannot be written stays as it is: saving reports that. Throws TurnError where the turn does not come. */
  async claim(leaving: AbortSignal): Promise<string> {
    const file = await this.find()
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 }).catch(() => undefined)
    if (file !== this.first || (await this.#readFirst())?.seedHash === this.seedHash) return file
    await withFileLock(this.first, () => this.#stamp(), { leaving, note: () => undefined })
    return await this.find()
  }

  /** The newest pair of this login under any other name. */
  async #elsewhere(): Promise<string | undefined> {
    const named = path.join(this.#folder, namedFolder)
    const files = [
      ...(await namesIn(this.#folder))
        .filter(isLoginFile)
        .map((name) => path.join(this.#folder, name)),
      ...(await namesIn(named)).filter(isNamedFile).map((name) => path.join(named, name)),
    ].filter((file) => file !== this.first && file !== this.#own)
    const kept = await Promise.all(
      files.map(async (file) => ({ file, pair: await readTokens(file).catch(() => undefined) })),
    )
    const ours = kept.filter(
      ({ pair }) => pair?.seedHash === this.seedHash && pair.access !== undefined,
    )
    return ours.toSorted((one, other) => other.pair!.obtainedAt - one.pair!.obtainedAt)[0]?.file
  }

  /** Takes over a login without an owner, and an empty place before a token is spent for it. */
  async #stamp(): Promise<void> {
    const stored = await this.#readFirst()
    if (stored?.seedHash) return
    const unspent = { access: undefined, refresh: this.#seed, obtainedAt: 0, expiresAt: 0 }
    const { seedHash } = this
    await writeTokens(this.first, { ...(stored ?? unspent), seedHash }).catch(() => undefined)
  }

  /** The pair in `auth.json`, unless it is another's. A file that cannot be read is left alone, and the variable serves. */
  async #readFirst(): Promise<StoredTokens | undefined> {
    this.#note = undefined
    try {
      const stored = await readTokens(this.first)
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
