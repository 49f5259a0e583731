/**
 * The pair in a file on this machine: a lock file beside it makes processes take turns. Where the login began with a
 * variable the file is one of several in a folder, one for each value.
 */
import path from 'node:path'
import { withFileLock } from './file-lock.ts'
import { whyNotSaved, writable } from './save-fault.ts'
import { SeedFolder } from './seed-folder.ts'
import { readTokens, writeTokens, type StoredTokens } from './token-file.ts'
import { StoreError, type SaveTokens, type Tokens, type TokenStore } from './token-store.ts'

/** Which file it is. */
interface Place {
  /** as far as that is known without changing anything */
  find(): Promise<string>
  /** the same, and nobody else's from then on */
  claim(leaving: AbortSignal): Promise<string>
  readonly seedHash?: string
  readonly notes: readonly string[]
}

/** One file that is named. */
export function fileStore(file: string): FileStore {
  const place = () => Promise.resolve(file)
  return new FileStore(file, { find: place, claim: place, notes: [] })
}

/** A file in `folder` for the login that began with `seed`. */
export function seedStore(folder: string, seed: string): FileStore {
  const place = new SeedFolder(folder, seed)
  return new FileStore(path.join(folder, 'auth.json'), place)
}

export class FileStore implements TokenStore {
  readonly #place: Place
  #file: string
  /** by what they are about, so that each is said as long as it holds */
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
    const say = (note: string | undefined) => this.#note('lock', note)
    return await withFileLock(this.#file, () => work((pair) => this.#save(pair)), { leaving, say })
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
