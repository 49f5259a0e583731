/**
 * A connection to Redis or Valkey, opened when it is needed and closed on the first fault, so that the next command opens a new
 * one: the caller decides when to try again.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { createClient } from '@redis/client'
import { StoreError } from './errors.ts'
import { shownAddress, type StoreAddress } from '../config/store-address.ts'

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

/** What is promised, if it comes in time; else fails with `why`. Whatever was begun goes on. */
export async function within<T>(ms: number, promised: Promise<T>, why: string): Promise<T> {
  const done = new AbortController()
  const silence = wait(ms, undefined, { signal: done.signal }).then(() => {
    throw new Error(why)
  })
  try {
    return await Promise.race([promised, silence])
  } finally {
    done.abort()
  }
}
