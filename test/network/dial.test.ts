/** Names with several addresses: none is given up early, and none that is dead is waited for. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { askForTokens } from '../../lib/account/token-endpoint.ts'
import { createAgents } from '../../lib/network/agents.ts'
import { least } from '../helpers/least.ts'
import { resolvesTo, slowListener } from './slow-listener.ts'

const good = '127.0.0.1'

/** The status of a request to a name, and how long it took; the agent's `lookup` knows where the name is. */
async function ask(t: TestContext, port: number, lookup: LookupFunction, connectS = 5) {
  const agents = createAgents({ lookup, connectS: () => connectS })
  t.after(() => agents.destroy())
  const begunMs = performance.now()
  const sent = http.get(`http://far.test:${port}`, {
    agent: agents.for(new URL(`http://far.test:${port}`)),
  })
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.resume()
  return { status: answer.statusCode, tookMs: performance.now() - begunMs }
}

async function serving(t: TestContext, host: string): Promise<number> {
  const server = createServer((_req, res) => res.end('{}')).listen(0, host)
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

const slow: [what: string, addresses: string[]][] = [
  ['one of which is slow and one refuses', ['127.0.0.2', '127.0.0.4']],
  ['one of which is slow and one has no route', ['127.0.0.2', 'fe80::1%lo']],
  ['both of which are slow', ['127.0.0.2', '127.0.0.3']],
  ['of which all but the first refuse', ['127.0.0.2', '127.0.0.4', '127.0.0.5', '127.0.0.6']],
]

for (const [what, addresses] of slow) {
  test(`O33: a name with addresses ${what} is reached when its connection takes a second`, async (t) => {
    const { port, open } = await slowListener(t)
    const asked = ask(t, port, resolvesTo(...addresses))
    await wait(400)
    open()

    assert.equal((await asked).status, 200)
  })
}

test('O33: the token server, too, has its time to connect', async (t) => {
  const { port, open } = await slowListener(t)
  const agents = createAgents({ lookup: resolvesTo('127.0.0.2', '127.0.0.4') })
  const auth = { token_url: `http://far.test:${port}/token`, client_id: 'x' }
  const asked = askForTokens(auth, 'refresh', agents)
  await wait(400)
  open()

  assert.equal((await asked).access, 'late')
})

test('O33: an address that swallows packets does not keep the next one back', async (t) => {
  const { port } = await slowListener(t)
  const server = createServer((_req, res) => res.end('{}')).listen(port, good)
  await once(server, 'listening')
  t.after(() => server.close())

  const { status, tookMs } = await ask(t, port, resolvesTo('127.0.0.2', '127.0.0.3', good))

  assert.equal(status, 200)
  assert.ok(tookMs < 2500, `${tookMs} ms`)
})

test('KO1: a name whose first address, of either family, refuses is reached at once', async (t) => {
  const port = await serving(t, good)

  for (const first of ['::1', '127.0.0.4']) {
    const tookMs = await least(240, async () => {
      const answer = await ask(t, port, resolvesTo(first, good))
      assert.equal(answer.status, 200)
      return answer.tookMs
    })
    assert.ok(tookMs < 240, `${first}: ${tookMs} ms`)
  }
})

test('O33: a dial that no address answers ends after connect_s, and says so', async (t) => {
  const { port } = await slowListener(t)
  const begunMs = performance.now()

  await assert.rejects(
    ask(t, port, resolvesTo('127.0.0.2', '127.0.0.3'), 0.6),
    /no answer within 0\.6 s/,
  )
  assert.ok(performance.now() - begunMs < 2000)
})

test('O33: of addresses that all fail, the one that tells most is told', async (t) => {
  const port = await serving(t, good)
  const asked = ask(t, port, resolvesTo('fe80::1%lo', '127.0.0.4'))
  await assert.rejects(asked, { code: 'ECONNREFUSED' })
})

test('O33: a name without any address is told as the resolver tells it', async (t) => {
  const lookup: LookupFunction = (_name, _options, done) => {
    setImmediate(done, Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
  }
  await assert.rejects(ask(t, 9, lookup), { code: 'ENOTFOUND' })
})

test('O33: an outbound proxy has its time to connect, too', async (t) => {
  const { port, open } = await slowListener(t)
  const agents = createAgents({
    lookup: resolvesTo('127.0.0.2', '127.0.0.4'),
    proxy: { proxyFor: () => new URL(`http://proxy.test:${port}`), secrets: [] },
  })
  const url = new URL('http://far.test')
  const sent = http.get(url, { agent: agents.fresh(url) })
  await wait(400)
  open()

  // it was reached: that it knows no CONNECT closes the connection
  await assert.rejects(once(sent, 'response'), /proxy\.test:\d+ cannot be reached: the connection/)
})
