/** Who may look at the operator's figures, by the route that shows usage. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { Admin } from '../../lib/admin.ts'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const key = 'the-key-of-whoever-looks'
const hash = `sha256:${createHash('sha256').update(key).digest('hex')}`
const basic = (password: string) => `Basic ${Buffer.from(`any:${password}`).toString('base64')}`

async function look({ url }: TestProxy, headers: Record<string, string> = {}, query = '') {
  const asked = request(`${url}/usage${query}`, { headers }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) }
}

test('contract §16.1: without an admin key this machine looks, and nobody whom a proxy speaks for', async (t) => {
  const proxy = await startProxy(t)

  assert.equal((await look(proxy)).status, 200)
  for (const name of ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'via', 'x-real-ip']) {
    const { status, body } = await look(proxy, { [name]: '192.0.2.1' })
    assert.equal(status, 404, name)
    assert.match(
      body,
      /There is nothing at \\"\/usage\\"\. GET \/ lists the routes.*"code":"unknown_path"/,
    )
  }
  const told = proxy.logs.filter(({ msg }) => String(msg).includes('set ADMIN_KEY'))
  assert.equal(told.length, 1)
})

test('contract §16.1: without an admin key another machine, and this one by a name that may be rebound, find nothing', () => {
  const admin = new Admin({ warn: () => undefined })
  const config = { prepared: { adminKey: undefined } } as never
  const may = (peer: string, host: string) =>
    admin.mayLook({ headers: {}, peer, host }, config, false)

  assert.equal(may('127.0.0.1', 'localhost:3000'), true)
  assert.equal(may('::ffff:127.0.0.1', '127.0.0.1:3000'), true)
  assert.equal(may('::1', '[::1]:3000'), true)
  assert.equal(may('192.0.2.1', 'localhost:3000'), false)
  assert.equal(may('::ffff:192.0.2.1', 'localhost:3000'), false)
  assert.equal(may('127.0.0.1', 'rebound.example:3000'), false)
  assert.equal(may('127.0.0.1', ''), false)
})

test('contract §16.1: a browser behind nginx, which adds no header, finds nothing', () => {
  const admin = new Admin({ warn: () => undefined })
  const config = { prepared: { adminKey: undefined } } as never
  const may = (headers: Record<string, string>) =>
    admin.mayLook({ headers, peer: '127.0.0.1', host: '127.0.0.1:3000' }, config, false)
  const page = { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' }

  assert.equal(may({ ...page, connection: 'keep-alive' }), true)
  assert.equal(may({}), true, 'curl')
  assert.equal(may({ 'sec-fetch-mode': 'cors', connection: 'close' }), true, 'Node')
  assert.equal(may(page), false, 'nginx from 1.29.7 on')
  assert.equal(may({ ...page, connection: 'close' }), false, 'nginx before')
})

for (const [how, admin_key] of [
  ['as it is', key],
  ['as its hash', hash],
]) {
  test(`contract §16.2: the admin key, given ${how}, opens by Bearer, x-api-key and Basic, also from another page`, async (t) => {
    const proxy = await startProxy(t, { config: { admin_key } })
    const headers = [
      { authorization: `Bearer ${key}` },
      { 'x-api-key': key },
      { authorization: basic(key) },
    ]

    for (const one of headers) assert.equal((await look(proxy, one)).status, 200)
    assert.equal((await look(proxy, { 'x-api-key': key, host: 'proxy.lan' })).status, 200)
    assert.equal((await look(proxy)).status, 401)
    assert.equal((await look(proxy, { authorization: basic('wrong') })).status, 401)
    assert.ok(!proxy.rawLog().includes(key))
  })
}

test('contract §16.2: only a page is asked for a user', async (t) => {
  const proxy = await startProxy(t, { env: { ADMIN_KEY: key } })

  const page = await look(proxy, { accept: 'text/html,*/*' })
  const program = await look(proxy, { accept: 'application/json' })

  assert.equal(page.headers['www-authenticate'], 'Basic realm="droid2api"')
  assert.equal(program.headers['www-authenticate'], undefined)
  assert.match(program.body, /"code":"admin_key_needed"/)
})

test('contract §16.3: ten wrong keys a minute are answered, a missing one is none, and the right one always passes', () => {
  let now = 600_000
  const admin = new Admin({ warn: () => undefined }, () => now)
  const config = { prepared: { adminKey: Buffer.alloc(32) } } as never
  const status = (headers: object, peer = '192.0.2.1') => {
    try {
      admin.mayLook({ headers, peer, host: 'h' } as never, config, false)
      return 200
    } catch (error) {
      return (error as ProxyError).status
    }
  }
  const wrong = { 'x-api-key': 'wrong' }

  for (let count = 0; count < 20; count += 1) assert.equal(status({}), 401)
  for (let count = 0; count < 10; count += 1) assert.equal(status(wrong), 401)
  assert.equal(status(wrong), 429)
  assert.equal(status({}), 401)
  assert.equal(status(wrong, '192.0.2.2'), 401)
  assert.equal(admin.mayLook({ headers: wrong, peer: '192.0.2.1', host: 'h' }, config, true), true)
  now += 60_000
  assert.equal(status(wrong), 401)
})

test('contract §16.4: the admin key opens no model and goes to no upstream; a client key shows nothing', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const body = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [] }
  const closed = await startProxy(t, {
    config: { ...oneUpstream(upstream.url), admin_key: key, api_keys: ['a-key-of-a-client'] },
  })
  const open = await startProxy(t, { config: { ...oneUpstream(upstream.url), admin_key: hash } })

  const refused = await post(`${closed.url}/v1/messages`, body, { authorization: `Bearer ${key}` })
  const own = await post(`${open.url}/v1/messages`, body, { authorization: `Bearer ${key}` })
  const client = await look(closed, { 'x-api-key': 'a-key-of-a-client' })

  assert.deepEqual([refused.status, own.status, client.status], [401, 401, 401])
  assert.equal(upstream.requests.length, 0)
})

function faults(config: object, env: Record<string, string> = {}): string[] {
  const dir = tempDir()
  try {
    const { warnings } = loadConfig({
      flags: { config: fileWith(dir, config) },
      env: { DATA_DIR: dir, ...env },
      cwd: dir,
      packageDir: dir,
      homeDir: dir,
    })
    return warnings.filter((line) => /admin_key|ADMIN_KEY/.test(line))
  } catch (error) {
    return (error as ConfigError).faults
  }
}

function fileWith(dir: string, config: object): string {
  const file = `${dir}/config.json`
  writeFileSync(file, JSON.stringify(config))
  return file
}

test('contract §16.5: an admin key that is short, an example, no hash or a client key is told, and not shown', () => {
  assert.match(faults({ admin_key: 'short-one' }).join(), /admin_key is shorter than 16 characters/)
  assert.match(faults({ admin_key: 'sha256:12' }).join(), /64 hexadecimal digits/)
  assert.match(faults({ admin_key: 'your_admin_key_here' }).join(), /counts as not set/)
  assert.match(faults({}, { ADMIN_KEY: 'short-one' }).join(), /environment: ADMIN_KEY is shorter/)
  for (const more of [{ api_keys: [key] }, { clients: [{ name: 'alice', key }] }]) {
    const told = faults({ admin_key: hash, ...more }).join()
    assert.match(told, /admin_key is a client key, too/)
    assert.ok(!told.includes(key))
  }
})

test('contract §15.8: GET /usage tells what is counted, with what is not written down yet', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
  const body = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [] }
  await (await post(`${proxy.url}/v1/messages`, body)).text()
  await proxy.app.usage.flush()
  await (await post(`${proxy.url}/v1/messages`, body)).text()

  const { body: json, headers } = await look(proxy, {}, '?by=model,account&since=1d')
  const { body: csv } = await look(proxy, {}, '?format=csv')

  const { by, rows } = JSON.parse(json) as { by: string[]; rows: Record<string, unknown>[] }
  assert.deepEqual(by, ['model', 'account'])
  assert.deepEqual(
    rows.map(({ model, account, requests, input }) => [model, account, requests, input]),
    [['claude-sonnet-4-5', 'default', 2, 20]],
  )
  assert.equal(headers['cache-control'], 'no-store')
  assert.match(csv, /^day,requests,.*\r\n\d{4}-\d\d-\d\d,2,/)
  for (const query of ['?by=week', '?since=soon', '?format=xml']) {
    const { status, body: told } = await look(proxy, {}, query)
    assert.equal(status, 400)
    assert.match(told, new RegExp(`"param":"${/\w+/.exec(query)![0]}"`))
  }
  const looks = proxy.logs.filter(({ route, level }) => route === '/usage' && level === 'info')
  assert.ok(looks.every(({ status }) => status === 400))
})
