/** deploy/compose.scale.yml: what it promises, and its load balancer, a real one, in front of three real replicas. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { storeAddress } from '../../lib/config/store-address.ts'
import { deferred } from '../helpers/deferred.ts'
import { freePort } from '../helpers/free-port.ts'
import { need, skipWithout } from '../helpers/packaged-server.ts'
import { runProgram, type Program } from '../helpers/program.ts'
import { oneUpstream, post } from '../helpers/proxy.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { isServed, until } from '../helpers/until.ts'
import { anthropicStream, startUpstream, type Script } from '../helpers/upstream.ts'

interface ComposeService {
  build?: { args?: Record<string, string> }
  command?: string[]
  volumes?: string[]
  ports?: string[]
  networks?: string[]
  environment?: Record<string, string>
  deploy?: { replicas?: number }
  read_only?: boolean
  cap_drop?: string[]
}

interface Compose {
  services: Record<'droid2api' | 'balancer' | 'valkey', ComposeService>
  networks: Record<string, { internal?: boolean } | null>
  volumes: Record<string, unknown>
  configs: { balancer: { content: string } }
}

const packageDir = path.join(import.meta.dirname, '..', '..')
const compose = parse(
  readFileSync(path.join(packageDir, 'deploy/compose.scale.yml'), 'utf8'),
) as Compose
/** As it is in the container, where compose has put in its variables. */
const balancerConfig = compose.configs.balancer.content.replaceAll('$$', '$')
const skip = skipWithout('haproxy') || skipWithout('redis-server')
const ask = {
  model: 'claude-sonnet-4-5',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'Hi' }],
}

test('only the balancer can be reached, from this machine, and every service is locked up', () => {
  const { droid2api, balancer, valkey } = compose.services

  assert.deepEqual([droid2api.ports, valkey.ports], [undefined, undefined])
  assert.ok(balancer.ports?.every((port) => port.startsWith('127.0.0.1:')))
  for (const service of [droid2api, balancer, valkey]) {
    assert.deepEqual([service.read_only, service.cap_drop], [true, ['ALL']])
  }
  const [network] = valkey.networks!
  assert.equal(compose.networks[network!]?.internal, true)
  assert.ok(droid2api.networks?.includes(network!) && !balancer.networks?.includes(network!))
})

test('three replicas keep one login in a store that outlives it', () => {
  const { droid2api, valkey } = compose.services

  assert.equal(droid2api.deploy?.replicas, 3)
  assert.equal(storeAddress(droid2api.environment!.TOKEN_STORE!)?.host, 'valkey')
  assert.match(valkey.command!.join(' '), /--appendonly yes/)
  const [volume] = valkey.volumes![0]!.split(':')
  assert.ok(Object.hasOwn(compose.volumes, volume!))
  const [argument, value] = Object.entries(droid2api.build!.args!)[0]!
  const dockerfile = readFileSync(path.join(packageDir, 'Dockerfile'), 'utf8')
  assert.match(dockerfile, new RegExp(`\\$${argument}" = ${value} `))
})

/** HAProxy with the configuration of the file, but for its address and those of the replicas. */
async function startBalancer(t: TestContext, replicas: string[]): Promise<string> {
  need('haproxy')
  const port = await freePort()
  const servers = replicas.map((url, index) => `server replica${index} ${new URL(url).host}`)
  const config = balancerConfig
    .replace('bind :3000', `bind 127.0.0.1:${port}`)
    .replace(/server-template .*/, servers.join('\n  '))
  assert.ok(!config.includes('droid2api:3000') && !config.includes(':3000\n'))
  const balancer = spawn('haproxy', ['-f', fileWith(t, config)], { stdio: 'ignore' })
  const closed = once(balancer, 'close')
  t.after(async () => {
    balancer.kill('SIGKILL')
    await closed
  })
  const url = `http://127.0.0.1:${port}`
  await until(async () => {
    if (balancer.exitCode !== null) throw new Error(`haproxy ended with ${balancer.exitCode}`)
    return await isServed(`${url}/ready`)
  })
  return url
}

function fileWith(t: TestContext, text: string): string {
  const dir = tempDir()
  const file = path.join(dir, 'haproxy.cfg')
  writeFileSync(file, text)
  return file
}

/** Three replicas on one account behind the balancer. */
async function scaled(t: TestContext, script: Script) {
  const [tokens, redis] = [await startTokenServer(t), await startRedis(t)]
  const upstream = await startUpstream(t, script)
  const config = oneUpstream(upstream.url, { auth: { token_url: tokens.url } })
  const env = { DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_STORE: redis.url }
  const programs = Array.from({ length: 3 }, () => runProgram(t, { config, env }))
  const urls = await Promise.all(programs.map((program) => program.url()))
  return { tokens, upstream, programs, url: await startBalancer(t, urls) }
}

function requestsOf(program: Program): number {
  return program.stdout().split('"route":"/v1/').length - 1
}

describe('the load balancer of deploy/compose.scale.yml', { skip, timeout: 120_000 }, () => {
  test('haproxy takes its configuration as it is', (t) => {
    need('haproxy')
    const file = fileWith(t, balancerConfig)

    execFileSync('haproxy', ['-c', '-f', file], { stdio: 'pipe' })
  })

  for (const route of ['/v1/messages', '/v1/chat/completions']) {
    test(`${route}: an event of a stream passes at once`, async (t) => {
      const events = anthropicStream({ text: ['first ', 'last'] })
      const at = events.findIndex((event) => event.includes('last'))
      const gate = deferred()
      const sse = [...events.slice(0, at), { until: gate.promise }, ...events.slice(at)]
      const { url } = await scaled(t, () => ({ sse }))

      const answer = await post(url + route, { ...ask, stream: true })
      const pieces = answer.body!.pipeThrough(new TextDecoderStream())
      let text = ''
      for await (const piece of pieces) {
        text += piece
        // the rest is only sent once the beginning has been read
        if (text.includes('first')) gate.resolve()
      }

      assert.match(text, /first[\s\S]*last/)
    })
  }

  test('all replicas work, and the service stays up when one is killed', async (t) => {
    const sse = anthropicStream({ text: ['Hi'] })
    const { url, programs, tokens } = await scaled(t, () => ({ sse }))
    const crowd = async () => {
      const answers = Array.from({ length: 60 }, async () => {
        const answer = await post(`${url}/v1/messages`, { ...ask, stream: true })
        const text = await answer.text()
        return `${answer.status} ${text.includes('message_stop') || text}`
      })
      return [...new Set(await Promise.all(answers))]
    }

    // the balancer takes a moment to see that a replica is ready
    await until(async () => {
      assert.deepEqual(await crowd(), ['200 true'])
      return programs.every((program) => requestsOf(program) > 0)
    })
    programs[0]!.process.kill('SIGKILL')
    await programs[0]!.exit

    assert.deepEqual(await crowd(), ['200 true'])
    assert.equal(tokens.refreshes, 1)
  })

  test('a stream ends whole while its replica is told to stop, and new requests go to the others', async (t) => {
    const events = anthropicStream({ text: ['first ', 'last'] })
    const gate = deferred()
    const { url, programs, upstream } = await scaled(t, () =>
      upstream.requests.length === 1
        ? { sse: [...events.slice(0, 4), { until: gate.promise }, ...events.slice(4)] }
        : { sse: events },
    )

    const long = await post(`${url}/v1/messages`, { ...ask, stream: true })
    const serving = await busy(programs)
    serving.process.kill('SIGTERM')
    await serving.line('shutting down')
    const others = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const answer = await post(`${url}/v1/messages`, { ...ask, stream: true })
        await answer.text()
        return answer.status
      }),
    )
    gate.resolve()

    assert.match(await long.text(), /first[\s\S]*last[\s\S]*message_stop/)
    assert.deepEqual([...new Set(others)], [200])
    assert.equal(await serving.exit, 0)
  })
})

/** The one that has a request under way. */
async function busy(programs: Program[]): Promise<Program> {
  for (const program of programs) {
    const { in_flight: count } = (await (await fetch(`${await program.url()}/health`)).json()) as {
      in_flight: number
    }
    if (count > 0) return program
  }
  throw new Error('nobody has a request')
}
