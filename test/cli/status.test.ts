/** `droid2api status`: how a running proxy is, on a terminal, and why it cannot be told. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { NoStatus } from '../../lib/cli/ask-status.ts'
import { statusLines, statusText } from '../../lib/cli/print-status.ts'
import { parseCommandLine, UsageError } from '../../lib/cli/usage.ts'
import type { StatusContent } from '../../lib/status/content.ts'
import { freePort } from '../helpers/free-port.ts'
import { runProgram } from '../helpers/program.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { good, spent, twoAccounts } from '../routing/setting.ts'

const key = 'ak-the-key-of-who-looks'

/** What the command prints, asked with this admin key. */
async function printed({ url }: Pick<TestProxy, 'url'>, admin_key?: string, more: string[] = []) {
  const line = parseCommandLine(['status', '--url', url, ...more])
  return await statusText(line, { host: '127.0.0.1', port: 1, ...(admin_key && { admin_key }) })
}

test('contract §4.12: the status is some twenty lines on the proxy, its accounts, requests and usage', async (t) => {
  const { ask, proxy } = await twoAccounts(t, (account) =>
    account === 'one'
      ? {
          ...spent,
          headers: { ...spent.headers, 'anthropic-ratelimit-unified-5h-utilization': '1' },
        }
      : good,
  )
  await (await ask()).text()
  await (await ask({ model: 'made\u001b[31m-up' })).text()

  const text = await printed(proxy)

  assert.match(text, /^droid2api 0\.0\.0-test at http:\/\/127\.0\.0\.1:\d+: ok, up \d+ (?:s|min)\n/)
  assert.match(text, /\nConfiguration: .*config\.json \([\da-f]+\), since \d\d:\d\d\n/)
  assert.match(text, /\n {2}one {2}key; cooling until .* \(429, .*\); 5h 100 % used\n/)
  assert.match(text, /\n {2}two {2}key; ok\n/)
  assert.match(text, /\nLast requests: 2, of which 1 went wrong\n/)
  assert.match(text, /made\\u001b\[31m-up: 404, \d+ ms, model_not_found\n/)
  assert.match(
    text,
    /claude-sonnet-4-5 → claude: 200, .*, tried claude\/one=429, claude\/two=200\n/,
  )
  assert.match(text, /\nUsage, 30 days: 2 requests \(1 went wrong\), \d+ tokens in, \d+ out\n/)
  assert.match(text, /\nModels: 1 \(1 anthropic\), each for every client\n/)
  assert.ok(text.split('\n').length < 25, text)
})

test('contract §4.12: of what there is much of, the status shows the first and how many more', async (t) => {
  const accounts = Array.from({ length: 30 }, (_, index) => `account-${index}`)
  const { ask, proxy } = await twoAccounts(t, () => good, { accounts })
  for (let count = 0; count < 20; count++) await (await ask()).text()
  const asked = await fetch(`${proxy.url}/status.json`)
  const content = (await asked.json()) as StatusContent
  const call = { id: 'x', route: '/v1/messages', model: 'm', age_ms: 1500 }

  const lines = statusLines({
    ...content,
    warnings: Array.from({ length: 50 }, (_, index) => `warning ${index}`),
    under_way: Array.from({ length: 50 }, () => call),
  })

  assert.ok(lines.length < 40, lines.join('\n'))
  for (const line of ['  … and 46 more', '  … and 24 more', '  … and 47 more', '  1.5 s  m']) {
    assert.ok(lines.includes(line), line)
  }
})

test('contract §4.12: how old a figure of an account is, is said where that is much', async (t) => {
  const { ask, proxy } = await twoAccounts(t, () => ({
    ...good,
    headers: { 'anthropic-ratelimit-unified-7d-utilization': '0.22' },
  }))
  await (await ask()).text()
  const content = (await (await fetch(`${proxy.url}/status.json`)).json()) as StatusContent
  const later = new Date(Date.parse(content.now) + 45 * 3_600_000).toISOString()

  assert.ok(statusLines(content).includes('  one  key; ok; 7d 22 % used'))
  assert.ok(
    statusLines({ ...content, now: later }).includes(
      '  one  key; ok; 7d 22 % used, seen 1 d 21 h ago',
    ),
  )
})

test('contract §4.12: a failure that is not among the newest is shown, too, and a broken file that was read', async (t) => {
  const { ask, proxy } = await twoAccounts(t, () => good)
  await (await ask({ model: 'made-up' })).text()
  for (let count = 0; count < 8; count++) await (await ask()).text()
  proxy.app.configState = {
    ...proxy.app.configState,
    lastReload: { at: Date.now(), ok: false, faults: ['port is "x"'] },
  }

  const text = await printed(proxy)

  assert.match(text, /made-up: 404/)
  assert.match(text, /\nWarning: what was read at \d\d:\d\d is broken: port is "x"\n/)
})

test('contract §4.12: --json prints what /status.json tells', async (t) => {
  const proxy = await startProxy(t)

  const content = JSON.parse(await printed(proxy, undefined, ['--json'])) as StatusContent

  assert.equal(content.version, '0.0.0-test')
  assert.equal(content.usage && 'days' in content.usage && content.usage.days.length, 30)
})

test('contract §4.12: the admin key goes along only where nothing is told without it', async (t) => {
  const closed = await startProxy(t, { config: { admin_key: key } })
  const open = await startProxy(t)
  const keys: (string | undefined)[] = []
  for (const { server } of [closed, open]) {
    server.prependListener('request', ({ headers }) => keys.push(headers['x-api-key'] as string))
  }

  assert.match(await printed(closed, key), /^droid2api /)
  assert.match(await printed(open, key), /^droid2api /)

  assert.deepEqual(keys, [undefined, key, undefined])
})

const refusals: [what: string, admin_key: string | undefined, said: RegExp][] = [
  ['no key', undefined, /answers only .* the holder of its admin key\. Set ADMIN_KEY/],
  ['a hash of one', `sha256:${'0'.repeat(64)}`, /Set ADMIN_KEY to that key/],
  ['a wrong one', 'a-wrong-key-of-mine', /does not take this admin key/],
]

for (const [what, admin_key, said] of refusals) {
  test(`contract §4.12: with ${what} a proxy that asks for the admin key tells nothing, and the command says so`, async (t) => {
    const proxy = await startProxy(t, { config: { admin_key: key } })

    await assert.rejects(printed(proxy, admin_key), (error: Error) => {
      assert.ok(error instanceof NoStatus)
      assert.match(error.message, said)
      return true
    })
  })
}

test('contract §4.12: status calls another program at that address no droid2api', async (t) => {
  const other = createServer((_req, res) => res.end('<html>Hello</html>')).listen(0, '127.0.0.1')
  t.after(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo

  await assert.rejects(printed({ url: `http://127.0.0.1:${port}` }), /is not droid2api/)
})

for (const url of ['ftp://pi.lan', 'a b', '', 'http://']) {
  test(`contract §4.12: --url ${JSON.stringify(url)} is a fault of the command line`, async () => {
    await assert.rejects(printed({ url }), UsageError)
  })
}

test('contract §4.12: an address from the line of a browser is good', async (t) => {
  const { url } = await startProxy(t)

  for (const path of ['/', '/status', '/status.json', '/status?lang=zh#usage']) {
    assert.match(await printed({ url: url + path }), /^droid2api /)
  }
})

test('contract §4.12: a host or a port alone is an address, too', async (t) => {
  const { url } = await startProxy(t)
  const { port, host } = new URL(url)

  for (const given of [host, port, `:${port}`, `${host}/status`]) {
    assert.match(await printed({ url: given }), /^droid2api /)
  }
})

async function running(t: TestContext, env: Record<string, string> = {}) {
  const config = { ...oneUpstream('http://127.0.0.1:1'), port: await freePort() }
  const program = runProgram(t, { config, env })
  await program.url()
  return (more: Record<string, string>) => runProgram(t, { config, args: ['status'], env: more })
}

test('contract §4.12: the command ends with 0 where one runs, with the admin key of the environment where that is needed', async (t) => {
  const ask = await running(t, { ADMIN_KEY: key })

  const [without, withKey] = [ask({}), ask({ ADMIN_KEY: key })]

  assert.deepEqual([await without.exit, await withKey.exit], [1, 0])
  assert.match(without.stderr(), /^The droid2api at http:\S+ answers only its own machine .*\n$/)
  assert.equal(without.stdout(), '')
  assert.match(withKey.stdout(), /^droid2api \d/)
  assert.ok(!withKey.stdout().includes(key))
})

test('contract §4.12: the command ends with 1 and one line where none runs', async (t) => {
  const program = runProgram(t, { config: { port: await freePort() }, args: ['status'] })

  assert.equal(await program.exit, 1)
  assert.match(program.stderr(), /^No droid2api runs at http:\S+: connection refused .*--url\.\n$/)
})

test('contract §4.12: usage that cannot be read is one line, and the rest is told', async (t) => {
  const { url, app } = await startProxy(t)
  t.mock.method(app.usage, 'rows', () => Promise.reject(new Error('the card is gone')))
  await (await post(`${url}/v1/responses`, { model: 'x', input: 'x' })).text()

  assert.match(await printed({ url }), /\nUsage cannot be read: the card is gone\n/)
})

test('contract §19.1: where each client stands with its limits is shown, whoever has least left first', async (t) => {
  const anna = { name: 'anna', key: 'key-of-anna-012345678', requests_per_day: 1 }
  const ben = { name: 'ben', key: 'key-of-ben-0123456789', tokens_per_day: 500_000 }
  const free = { name: 'free', key: 'key-of-free-012345678' }
  const upstream = await startUpstream(t, () => good)
  const clients = [ben, anna, free]
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url, { clients }) })
  const body = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [] }
  await (await post(`${proxy.url}/v1/messages`, body, { 'x-api-key': anna.key })).text()

  const text = await printed(proxy)

  assert.match(
    text,
    /\nLimits\n {2}anna {2}requests_per_day 1 of 1, none left until .*\n {2}ben {2}tokens_per_day 0 of 500 k\n/,
  )
  assert.doesNotMatch(text, /\n {2}free {2}/)
})

const owners: [what: string, auth: string, said: string][] = [
  ['a model server that gets none', 'none', 'Accounts: none; no key goes upstream'],
  ['an endpoint of the client', 'client', 'Accounts: none; each client’s own key goes upstream'],
  [
    'an account that nobody has set',
    'account',
    'Accounts: none; each client’s own key goes upstream',
  ],
]

for (const [what, auth, said] of owners) {
  test(`contract §19.1: whose keys go upstream is said, with ${what}`, async (t) => {
    const { endpoints, ...rest } = oneUpstream('http://127.0.0.1:1')
    const config = { ...rest, endpoints: endpoints.map((one) => Object.assign({}, one, { auth })) }
    const proxy = await startProxy(t, { config })

    assert.ok((await printed(proxy)).split('\n').includes(said))
  })
}
