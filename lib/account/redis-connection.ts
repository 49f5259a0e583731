/**
 * A connection to Redis or Valkey, opened when it is needed and closed on the first fault, so that the next command opens a new
 * one: the caller decides when to try again.
 */
import type { createClient } from '@redis/client'
import { ConfigError } from '../config/validate.ts'
import { shownAddress, storeAddress, type StoreAddress } from '../config/store-address.ts'
import type { Config } from '../config/types.ts'
import { findSource, isRotating } from './source.ts'
import { StoreError } from './token-store.ts'
import { within } from './within.ts'

type Client = ReturnType<typeof createClient>

interface Connection {
  client: Client
  ready: Promise<unknown>
}

export interface RedisServer {
  createClient: typeof createClient
  address: StoreAddress
}

/** For one command, the connection included. A server that is silent for longer is down. */
const patienceMs = 3_000

/**
 * The server that TOKEN_STORE names. Its client is loaded only then, and nothing is connected before something is shared: what a
 * reload brings may be.
 * Throws ConfigError where that is not installed and there is something to share: an account whose tokens are renewed, usage,
 * limits of clients, or rests of accounts.
 */
export async function redisServer(config: Config): Promise<RedisServer | undefined> {
  const address = storeAddress(config.secrets.token_store ?? '')
  if (!address) return undefined
  try {
    const { createClient } = await import('@redis/client')
    return { createClient, address }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    if (!isShared(config)) return undefined
    throw new ConfigError([
      'environment: TOKEN_STORE needs a package that is not installed: npm install @redis/client@6',
    ])
  }
}

/** What reads files comes last. */
function isShared(config: Config): boolean {
  const { clients, usage, accounts } = config
  if (clients.length > 0 || usage.enabled || accounts.length > 0) return true
  return isRotating(findSource(config))
}

export class RedisConnection {
  /** the address without what must not be shown */
  readonly place: string
  readonly #server: RedisServer
  #open: Connection | undefined

  constructor(server: RedisServer) {
    this.#server = server
    this.place = shownAddress(server.address)
  }

  /** The reply to one command. Throws StoreError. */
  async run(command: string[]): Promise<unknown> {
    const connection = (this.#open ??= this.#connect())
    const silent = `no answer within ${patienceMs / 1000} s`
    try {
      return await within(patienceMs, send(connection, command), silent)
    } catch (error) {
      this.#giveUp(connection)
      throw new StoreError(`the token store ${this.place} cannot be used (${reasonOf(error)})`)
    }
  }

  close(): void {
    if (this.#open) this.#giveUp(this.#open)
  }

  #giveUp(connection: Connection): void {
    if (this.#open === connection) this.#open = undefined
    connection.client.destroy()
  }

  #connect(): Connection {
    const { host, port, tls, username, password, database } = this.#server.address
    const socket = { host, port, connectTimeout: patienceMs, reconnectStrategy: false as const }
    const client = this.#server.createClient({
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      database,
      socket: tls ? { ...socket, tls } : socket,
      // the oldest protocol, which every server understands
      RESP: 2,
      disableClientInfo: true,
      maintNotifications: 'disabled',
    }) as unknown as Client
    client.on('error', () => {
      // commands under way fail by themselves; the next one opens a new connection
      if (this.#open?.client === client) this.#open = undefined
    })
    return { client, ready: client.connect() }
  }
}

async function send({ client, ready }: Connection, command: string[]): Promise<unknown> {
  await ready
  return await client.sendCommand(command)
}

/** Of a server's message only the code that it begins with: the rest may repeat what it was sent. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? /^[A-Z]{3,}(?= )/.exec(message)?.[0] ?? message
}
