/** What an operator looks at, by the routes that tell it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { banner } from '../../lib/cli/banner.ts'
import { addressReached } from '../../lib/status/address.ts'
import type { StatusContent } from '../../lib/status/content.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, responsesBody, startUpstream } from '../helpers/upstream.ts'

async function content(url: string, headers: Record<string, string> = {}): Promise<StatusContent> {
  const answer = await fetch(`${url}/status.json`, { headers })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  return (await answer.json()) as StatusContent
}

test('contract §19.1: the status tells of the proxy, its configuration and its models', async (t) => {
  const { url, app } = await startProxy(t, {
    config: oneUpstream('http://127.0.0.1:1'),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })

  const shown = await content(url)

  const { config, models } = shown
  assert.equal(shown.state, 'ok')
  assert.equal(shown.version, '0.0.0-test')
  assert.ok(Math.abs(Date.parse(shown.now) - Date.now()) < 60_000)
  assert.deepEqual([shown.in_flight, shown.under_way, shown.warnings], [0, [], []])
  assert.equal(config.file, app.config.file)
  assert.match(config.hash, /^[0-9a-f]{8,}$/)
  assert.equal(config.last_reload, null)
  assert.deepEqual(models[0], {
    id: 'claude-sonnet-4-5',
    name: 'Sonnet',
    type: 'anthropic',
    endpoint: 'claude',
    clients: 'all',
  })
  assert.deepEqual(shown.accounts, [{ name: 'default', kind: 'factory_api_key', state: 'ok' }])
  const same = (await (await fetch(`${url}/status`)).json()) as StatusContent
  assert.deepEqual({ ...same, now: shown.now, uptime_s: shown.uptime_s }, shown)
})

test('contract §19.2: a request under way is shown with its client and model', async (t) => {
  const upstream = await startUpstream(t, [{ sse: ['hang'] }])
  const clients = [{ name: 'alice', key: 'the-key-of-alice-1' }]
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url, { clients }) })
  const leave = new AbortController()
  const headers = { 'x-request-id': 'mine-1', 'x-api-key': 'the-key-of-alice-1' }
  const pending = post(
    `${url}/v1/responses`,
    { model: 'gpt-5.1', input: 'x' },
    headers,
    leave.signal,
  ).catch(() => undefined)
  await upstream.nextRequest()

  const { under_way: shown, in_flight: count } = await content(url)

  assert.equal(count, 1)
  const [{ age_ms: age, ...one }] = shown as [StatusContent['under_way'][number]]
  assert.ok(age >= 0 && age < 60_000)
  assert.deepEqual(one, {
    id: 'mine-1',
    client: 'alice',
    model: 'gpt-5.1',
    endpoint: 'gpt',
    route: '/v1/responses',
  })
  leave.abort()
  await pending
})

test('contract §19.4: usage of 30 days is summed by day, model, client and account', async (t) => {
  const upstream = await startUpstream(t, ({ url }) => ({
    body: url.endsWith('messages')
      ? anthropicMessage({ text: ['Hi'] })
      : responsesBody({ text: ['Hi'] }),
  }))
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  const messages = [{ role: 'user', content: 'Hi' }]
  await (
    await post(`${url}/v1/messages`, { model: 'claude-sonnet-4-5', max_tokens: 9, messages })
  ).text()
  await (await post(`${url}/v1/responses`, { model: 'gpt-5.1', input: 'Hi' })).text()
  await (await post(`${url}/v1/responses`, { model: 'made-up', input: 'Hi' })).text()

  const { usage } = await content(url)

  assert.ok(usage && 'days' in usage)
  assert.equal(usage.days.length, 30)
  assert.equal(usage.days.at(-1)!.requests, 3)
  assert.equal(usage.total.requests, 3)
  assert.deepEqual(usage.models.map(({ model }) => model).toSorted(), [
    'claude-sonnet-4-5',
    'gpt-5.1',
    'other',
  ])
  assert.deepEqual(
    usage.accounts.map(({ account, requests }) => [account, requests]),
    [
      ['default', 2],
      ['none', 1],
    ],
  )
})

const setups: [headers: Record<string, string>, url: string][] = [
  [{ host: '127.0.0.1:4000' }, 'http://127.0.0.1:4000'],
  [{ host: 'pi.lan' }, 'http://pi.lan'],
  [{ host: '[fd00::1]:3000' }, 'http://[fd00::1]:3000'],
  [{ host: 'llm.example.org', 'x-forwarded-proto': 'https' }, 'https://llm.example.org'],
  [{ host: 'llm.example.org', 'x-forwarded-proto': 'javascript' }, 'http://llm.example.org'],
  [{ host: 'llm.example.org', 'x-forwarded-proto': 'https, http' }, 'https://llm.example.org'],
  [{ host: '127.0.0.1:3000', 'x-forwarded-host': 'llm.example.org, a' }, 'http://llm.example.org'],
  [{ host: 'pi.lan', 'x-forwarded-host': 'a;reboot' }, 'http://pi.lan'],
  [{ host: 'pi.lan', 'x-forwarded-prefix': '/llm/' }, 'http://pi.lan/llm'],
  [{ host: 'pi.lan', 'x-forwarded-prefix': '/a/b.c' }, 'http://pi.lan/a/b.c'],
  ...['/$(reboot)', '//evil.example', '/a b', '/..', 'llm', '/a?b=c'].map(
    (prefix): [Record<string, string>, string] => [
      { host: 'pi.lan', 'x-forwarded-prefix': prefix },
      'http://pi.lan',
    ],
  ),
  ...['a.b$(reboot)', "a';reboot;'", '<b>x</b>', 'a b', 'a:99999999', ''].map(
    (host): [Record<string, string>, string] => [{ host }, 'http://localhost:3000'],
  ),
]

for (const [headers, url] of setups) {
  test(`contract §19.5: clients are set up for ${url} where ${JSON.stringify(headers)} was asked for`, () => {
    assert.equal(addressReached({ headers, config: { port: 3000 } }), url)
  })
}

test('contract §19.5: the lines to copy are those of the banner, for the address that was asked for', async (t) => {
  const { url, app } = await startProxy(t, { config: { admin_key: 'ak-the-key-of-who-looks' } })
  const asked = request(`${url}/status.json`, {
    headers: { host: 'pi.lan:8080', 'x-api-key': 'ak-the-key-of-who-looks' },
  }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]

  const { setup } = JSON.parse(await text(answer)) as StatusContent

  const lines = banner(app, 'http://pi.lan:8080', (title) => title)
  assert.deepEqual(
    setup.map(({ name }) => name),
    ['Claude Code', 'Codex', 'OpenAI SDK, Cline, Cursor', 'curl'],
  )
  for (const line of setup.flatMap((block) => block.lines)) assert.ok(lines.includes(line), line)
})

test('contract §19.4: the status tells all else where usage is not counted, or cannot be read', async (t) => {
  const off = await startProxy(t, { env: { USAGE: 'off' } })
  const broken = await startProxy(t)
  const folder = path.join(broken.app.config.data_dir, 'usage')
  mkdirSync(path.dirname(folder), { recursive: true })
  writeFileSync(folder, 'a file')

  assert.equal((await content(off.url)).usage, null)
  const { usage, state } = await content(broken.url)
  assert.equal(state, 'ok')
  assert.match(JSON.stringify(usage), /^\{"problem":"Usage cannot be read: /)
})
