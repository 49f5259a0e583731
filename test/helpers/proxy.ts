/** A real proxy for a test: configured by a real file, listening on a free loopback port, its log kept line by line. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { App } from '../../lib/app.ts'
import { redisServer } from '../../lib/cli/redis-server.ts'
import { buildApp } from '../../lib/cli/build-app.ts'
import { loadConfig } from '../../lib/config/load.ts'
import { switchMetrics } from '../../lib/endpoints/metrics.ts'
import { createServer } from '../../lib/server.ts'
import { tempDir } from './temp-dir.ts'

export interface TestProxy {
  /** `http://127.0.0.1:PORT` */
  url: string
  app: App
  server: Server
  /** a folder of the test's own */
  dir: string
  logs: Record<string, unknown>[]
  /** the log as it was written */
  rawLog(): string
}

export interface ProxyOptions {
  config?: Record<string, unknown>
  env?: Record<string, string>
}

const packageDir = path.join(import.meta.dirname, '..', '..')

/** Starts a proxy and ends it with the test. With no account in `env` the caller's credential goes upstream. */
export async function startProxy(t: TestContext, options: ProxyOptions = {}): Promise<TestProxy> {
  const dir = tempDir()
  const file = path.join(dir, 'config.json')
  writeFileSync(file, JSON.stringify({ port: 0, ...options.config }))
  const { config, warnings } = loadConfig({
    flags: { config: file },
    env: { DATA_DIR: path.join(dir, 'data'), ...options.env },
    cwd: dir,
    packageDir,
    homeDir: dir,
  })
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const redis = await redisServer(config)
  const { app } = buildApp({ config, version: '0.0.0-test', warnings, destination, redis })
  const server = createServer(app)
  server.listen(config.port, config.host)
  await once(server, 'listening')
  await Promise.all([app.account.start(), app.pool.start(config), switchMetrics(app)])
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    app.agents.destroy()
    await Promise.all([app.account.stop(), app.pool.stop()])
    app.metrics?.stop()
    app.shared?.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    app,
    server,
    dir,
    get logs() {
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    },
    rawLog: () => lines.join(''),
  }
}

/** Endpoints and models that all lead to one scripted upstream, which stands for the account's own. */
export function oneUpstream(url: string, more: Record<string, unknown> = {}) {
  return {
    system_prompt: '',
    endpoints: [
      { name: 'claude', type: 'anthropic', base_url: `${url}/v1/messages`, auth: 'account' },
      { name: 'gpt', type: 'openai', base_url: `${url}/v1/responses`, auth: 'account' },
      { name: 'other', type: 'common', base_url: `${url}/v1/chat/completions`, auth: 'account' },
    ],
    models: [
      { name: 'Sonnet', id: 'claude-sonnet-4-5', type: 'anthropic' },
      { name: 'GPT', id: 'gpt-5.1', type: 'openai' },
      { name: 'GLM', id: 'glm-4.6', type: 'common' },
    ],
    ...more,
  }
}

/** The same, and Gemini beside them: a model of each type. */
export function everyType(url: string, more: Record<string, unknown> = {}, ids = ['gemini-3-pro']) {
  const { endpoints, models, ...rest } = oneUpstream(url)
  return {
    ...rest,
    endpoints: [...endpoints, { name: 'gemini', type: 'google', base_url: url, auth: 'account' }],
    models: [...models, ...ids.map((id) => ({ name: id, id, type: 'google' }))],
    ...more,
  }
}

/** POSTs JSON (or bytes as they are) with a caller's own credential. */
export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
) {
  return await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer caller', ...headers },
    body: bytesOf(body),
    ...(signal && { signal }),
  })
}

function bytesOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body)
}
