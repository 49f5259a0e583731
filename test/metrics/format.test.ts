/** GET /metrics as a scraper meets it: its text, its bounds, who gets it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { bucketsMs } from '../../lib/metrics/series.ts'
import { Metrics } from '../../lib/metrics/metrics.ts'
import { runProgram } from '../helpers/program.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { anthropicMessage, startUpstream, type Upstream } from '../helpers/upstream.ts'
import { scraped, settled } from './scraped.ts'
import { Scrape } from './strict-text.ts'

const question = { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }

function answering(t: TestContext): Promise<Upstream> {
  return startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
}

async function ask({ url }: Pick<TestProxy, 'url'>, model: string): Promise<number> {
  const answer = await post(`${url}/v1/messages`, { ...question, model })
  await answer.text()
  return answer.status
}

/** So many requests, each for a model that nobody has, one behind the other. */
async function askOnOneConnection({ url }: TestProxy, times: number): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  for (let index = 0; index < times; index += 1) {
    const body = JSON.stringify({ ...question, model: `made-up-${index}` })
    const head = ['POST /v1/messages HTTP/1.1', 'host: localhost', `content-length: ${body.length}`]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
  let refused = 0
  for await (const line of createInterface({ input: socket })) {
    if (line.startsWith('HTTP/1.1 404 ')) refused += 1
    if (refused === times) break
  }
  socket.destroy()
  assert.equal(refused, times)
}

async function look(url: string, headers: Record<string, string> = {}) {
  const asked = request(`${url}/metrics`, { headers }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: answer.statusCode, body: await text(answer) }
}

test('contract §21.1: without the switch nothing is counted, and the route says what to set', async (t) => {
  const proxy = await startProxy(t)

  const { status, body } = await look(proxy.url)

  assert.equal(status, 404)
  assert.match(body, /METRICS=on.*"code":"metrics_off"/)
  assert.equal(proxy.app.metrics, undefined)
})

for (const [how, given] of Object.entries({
  'by the file': { config: { metrics: true } },
  'by the environment, which wins': { config: { metrics: false }, env: { METRICS: 'on' } },
})) {
  test(`contract §21.1: switched on ${how}`, async (t) => {
    await scraped(await startProxy(t, given))
  })
}

test('contract §21.1: a reload switches metrics on and off; between two of them counts go on, and those of a model that is gone stay', async (t) => {
  const upstream = await answering(t)
  const both = oneUpstream(upstream.url)
  const program = runProgram(t, {
    config: { ...both, metrics: true },
    env: { FACTORY_API_KEY: 'fk-of-the-account' },
  })
  const url = await program.url()
  const reload = async (config: object) => {
    const before = program.stdout().split('configuration read again').length
    writeFileSync(path.join(program.dir, 'config.json'), JSON.stringify({ port: 0, ...config }))
    program.process.kill('SIGHUP')
    await until(() => program.stdout().split('configuration read again').length > before)
  }

  await ask({ url }, 'claude-sonnet-4-5')
  await reload({ ...both, models: both.models.slice(1), metrics: true })
  const after = await scraped({ url })
  const model = { model: 'claude-sonnet-4-5' }
  assert.equal(after.sum('droid2api_requests_total', model), 1)
  assert.equal(after.value('droid2api_config_last_reload_success'), 1)
  await reload(both)
  await until(async () => (await look(url)).status === 404)
  await reload({ ...both, metrics: true })
  await until(async () => (await look(url)).status === 200)
  const anew = await scraped({ url })
  assert.equal(anew.sum('droid2api_requests_total', model), 0)
})

test('contract §21.1: a broken configuration is told, and the one before counts on', async (t) => {
  const program = runProgram(t, { config: { metrics: true } })
  const url = await program.url()

  writeFileSync(path.join(program.dir, 'config.json'), '{')
  program.process.kill('SIGHUP')
  await program.line('the new configuration is broken; the running one stays')
  const scrape = await scraped({ url })

  assert.equal(scrape.value('droid2api_config_last_reload_success'), 0)
  const at = scrape.value('droid2api_config_last_reload_timestamp_seconds')!
  assert.ok(Math.abs(at - Date.now() / 1000) < 60)
})

test('contract §21.2: metrics are for who may look: a stranger finds nothing, a wrong key opens nothing', async (t) => {
  const key = 'the-key-of-whoever-looks'
  const open = await startProxy(t, { config: { metrics: true } })
  const closed = await startProxy(t, { config: { metrics: true, admin_key: key } })

  assert.equal((await look(open.url)).status, 200)
  assert.equal((await look(open.url, { 'x-forwarded-for': '192.0.2.1' })).status, 404)
  const stranger = await look(open.url, { host: 'rebound.example' })
  assert.ok(stranger.status === 403 || stranger.status === 404)
  assert.doesNotMatch(stranger.body, /droid2api_/)
  const statuses = []
  for (const headers of [
    {},
    { authorization: 'Bearer wrong' },
    { authorization: `Bearer ${key}`, host: 'droid2api:3000' },
  ]) {
    statuses.push((await look(closed.url, headers)).status)
  }
  assert.deepEqual(statuses, [401, 401, 200])
  assert.ok(!(await look(closed.url, { 'x-api-key': key })).body.includes(key))
})

test('contract §21.3: 3 000 made-up models, unknown paths and odd methods make no series of their own', async (t) => {
  const proxy = await startProxy(t, { config: { metrics: true } })

  await askOnOneConnection(proxy, 3000)
  for (let index = 0; index < 50; index += 1) {
    await (await fetch(`${proxy.url}/made/up/${index}`, { method: 'PUT' })).text()
  }
  const scrape = await settled(proxy)

  const labels = { client: 'none', endpoint: 'none', status: '404' }
  const models = { ...labels, route: '/v1/messages', model: 'other' }
  assert.equal(scrape.value('droid2api_requests_total', models), 3000)
  const paths = { ...labels, route: 'other', model: 'none' }
  assert.equal(scrape.value('droid2api_requests_total', paths), 50)
  assert.ok(scrape.all('droid2api_requests_total').length < 6)
  assert.equal(scrape.value('droid2api_series_dropped'), 0)
})

test('contract §21.3: beyond 2 000 label sets all counts go on under other, and none is lost', () => {
  const metrics = new Metrics()
  const ids = Array.from({ length: 3000 }, (_, index) => `model-${index}`)
  const models = new Map(ids.map((id) => [id, { id }]))
  const config = { prepared: { models } } as never
  const record = { route: '/v1/messages', upstream: 'e', status: 200, durationMs: 70, ttfbMs: 3 }
  const ended = (model: string) =>
    metrics.ended({ ...record, model, inputTokens: 2, outputTokens: 1 } as never, config, true)
  for (const id of ids) ended(id)
  for (const id of ids) ended(id)

  const scrape = new Scrape(metrics.counted())
  metrics.stop()

  const sets = [...scrape.families.values()].flatMap(({ samples, type }) =>
    samples.filter(({ name }) => type !== 'histogram' || name.endsWith('_count')),
  )
  assert.ok(sets.length > 1900 && sets.length <= 2000 + 20, `${sets.length}`)
  assert.equal(scrape.sum('droid2api_requests_total'), 6000)
  assert.equal(scrape.sum('droid2api_request_duration_seconds_count'), 6000)
  assert.equal(scrape.sum('droid2api_first_byte_seconds_count'), 6000)
  assert.equal(scrape.sum('droid2api_tokens_total', { type: 'input' }), 12_000)
  const others = {
    route: 'other',
    model: 'other',
    endpoint: 'other',
    client: 'other',
    status: 'other',
  }
  assert.ok(scrape.value('droid2api_requests_total', others)! > 4000)
  assert.ok(scrape.value('droid2api_series_dropped')! > 4000)
})

test('contract §21.3: names with quotes, backslashes and line ends stay what they are', async (t) => {
  const upstream = await answering(t)
  const ids = ['say "hi"', 'back\\slash\\n', 'two\nlines', '{a="b"} 1', '模型', 'ends in \\']
  const proxy = await startProxy(t, {
    config: {
      ...oneUpstream(upstream.url),
      models: ids.map((id) => ({ id, name: id, type: 'anthropic' })),
      metrics: true,
    },
  })

  for (const id of ids) assert.equal(await ask(proxy, id), 200)
  const scrape = await settled(proxy)

  for (const model of ids) {
    const labels = { model, route: '/v1/messages', endpoint: 'claude', client: 'none' }
    assert.equal(scrape.value('droid2api_requests_total', { ...labels, status: '200' }), 1)
  }
})

test('contract §21.3: a status that nobody knows counts as other', async (t) => {
  const upstream = await startUpstream(t, () => ({ status: 777, body: {} }))
  const proxy = await startProxy(t, { config: { ...oneUpstream(upstream.url), metrics: true } })

  assert.equal(await ask(proxy, 'claude-sonnet-4-5'), 777)
  const scrape = await settled(proxy)

  assert.equal(scrape.sum('droid2api_requests_total', { status: 'other' }), 1)
})

test('contract §21.4: a span is counted in the bucket whose bound it does not exceed', () => {
  const metrics = new Metrics()
  const spans = [0, ...bucketsMs.flatMap((bound) => [bound, bound + 1])]
  for (const durationMs of spans) {
    const record = { route: '/', status: 200, durationMs }
    metrics.ended(record as never, { prepared: { models: new Map() } } as never, false)
  }
  const scrape = new Scrape(metrics.counted())
  metrics.stop()

  const buckets = scrape.all('droid2api_request_duration_seconds_bucket')
  assert.deepEqual(
    buckets.map(({ labels: { le }, value }) => [le, value]),
    [
      ...'0.01 0.02 0.04 0.08 0.16 0.32 0.64 1.28 2.56 5.12 10.24 20.48 40.96 81.92 163.84 327.68'
        .split(' ')
        .map((le, index) => [le, 2 * index + 2]),
      ['+Inf', spans.length],
    ],
  )
  const sum = scrape.sum('droid2api_request_duration_seconds_sum')
  assert.equal(sum, spans.reduce((all, ms) => all + ms, 0) / 1000)
})

test('contract §21.7: the process, its accounts and what is under way are told as they are at the look', async (t) => {
  const upstream = await startUpstream(t, () => ({ sse: ['hang'] }))
  const config = { ...oneUpstream(upstream.url), metrics: true }
  const proxy = await startProxy(t, { config, env: { FACTORY_API_KEY: 'fk-of-the-account' } })
  const leave = new AbortController()
  const body = { ...question, model: 'claude-sonnet-4-5', stream: true }
  const under = post(`${proxy.url}/v1/messages`, body, {}, leave.signal).catch(() => undefined)
  await upstream.nextRequest()

  const scrape = await scraped(proxy)
  leave.abort()
  await under

  assert.equal(scrape.value('droid2api_in_flight'), 1)
  assert.equal(scrape.value('droid2api_build_info', { version: '0.0.0-test' }), 1)
  const states = scrape.all('droid2api_account_state')
  assert.deepEqual(
    states.map(({ labels, value }) => [labels.account, labels.state, value]),
    ['ok', 'degraded', 'cooling', 'needs_login', 'disabled'].map((state) => [
      'default',
      state,
      Number(state === 'ok'),
    ]),
  )
  const near = (name: string, expected: number, off: number) => {
    const value = scrape.value(name)!
    assert.ok(Math.abs(value - expected) <= off, `${name} ${value} ${expected}`)
  }
  near('process_resident_memory_bytes', process.memoryUsage.rss(), 50e6)
  near('process_start_time_seconds', Date.now() / 1000 - process.uptime(), 1)
  const { user, system } = process.cpuUsage()
  near('process_cpu_seconds_total', (user + system) / 1e6, 2)
  if (process.platform === 'linux') assert.ok(scrape.value('process_open_fds')! > 5)
})

test('contract §21.7: the used share of an account is reported by window, those that an upstream makes up as one', async (t) => {
  const limits = {
    'anthropic-ratelimit-unified-5h-utilization': '0.42',
    'anthropic-ratelimit-unified-7d_opus-utilization': '0.9',
    'anthropic-ratelimit-unified-made-up-utilization': '0.1',
    'anthropic-ratelimit-unified-also-made-up-utilization': '0.3',
    'anthropic-ratelimit-unified-made-up-last-utilization': '0.1',
  }
  const upstream = await startUpstream(t, () => ({
    headers: limits,
    body: anthropicMessage({ text: ['Hi'] }),
  }))
  const env = { FACTORY_API_KEY: 'fk-of-the-account' }
  const config = { ...oneUpstream(upstream.url), metrics: true }
  const proxy = await startProxy(t, { config, env })

  await ask(proxy, 'claude-sonnet-4-5')
  const scrape = await settled(proxy)

  const used = scrape.all('droid2api_account_quota_used_ratio')
  assert.deepEqual(
    used.map(({ labels, value }) => `${labels.account} ${labels.window} ${value}`).toSorted(),
    ['default 5h 0.42', 'default 7d_opus 0.9', 'default other 0.3'],
  )
})

test('contract §21.7: a loop that was held up shows it once', async (t) => {
  const proxy = await startProxy(t, { config: { metrics: true } })
  const lag = async () => (await scraped(proxy)).value('nodejs_eventloop_lag_p99_seconds')!
  await lag()

  // the measure needs two steps of its own clock, before and after
  await wait(300)
  const end = performance.now() + 1000
  while (performance.now() < end);
  await wait(300)
  const held = await lag()
  const later: number[] = []
  // on a busy machine a look may be held up by others
  for (let count = 0; count < 5; count += 1) {
    await wait(400)
    later.push(await lag())
  }

  assert.ok(held > 0.8 && held < 10, `${held}`)
  assert.ok(Math.min(...later) < 0.6, later.join())
})
