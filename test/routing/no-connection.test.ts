/** Upstreams that surely took nothing, since there was no connection: another model serves, whatever the reason. */
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { selfSigned } from '../faults/self-signed.ts'
import { freePort } from '../helpers/free-port.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { slowListener } from '../network/slow-listener.ts'
import { good, question, refusal } from './setting.ts'

/** The address of an upstream that no connection comes about with. */
const nowhere: Record<string, (t: TestContext) => Promise<string>> = {
  'that refuses connections': async () => `http://127.0.0.1:${await freePort()}`,
  'whose name nobody knows': () => Promise.resolve('http://nobody.invalid'),
  'whose certificate nobody trusts': async (t) => `https://127.0.0.1:${await untrusted(t)}`,
  'that takes no connection in': async (t) => `http://127.0.0.2:${(await slowListener(t)).port}`,
}

for (const [what, addressOf] of Object.entries(nowhere)) {
  test(`contract §18.2: for an upstream ${what} another model serves`, async (t) => {
    const other = await startUpstream(t, () => good)
    const url = await served(t, [await addressOf(t), other.url])

    const answer = await post(`${url}/v1/messages`, question)

    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('x-droid2api-attempts'), 'first=connect, second=200')
    assert.equal(answer.headers.get('x-droid2api-model'), 'claude-opus-4-8')
    assert.equal(other.requests.length, 1)
  })
}

test('contract §18.6: the error says so where none of several endpoints gave an answer', async (t) => {
  const url = await served(t, [await unreachable(), await unreachable()])

  const answer = await post(`${url}/v1/messages`, question)

  assert.equal(answer.status, 503)
  const { error } = (await answer.json()) as { error: { message: string; type: string } }
  assert.match(error.message, /^None of the 2 places .*\(first=connect, second=connect\)/)
})

test('contract §18.6: an endpoint whose accounts rest says when to come back, also where the others cannot be reached', async (t) => {
  const limited = await startUpstream(t, () => refusal(429, { 'retry-after': '600' }))
  const url = await served(t, [limited.url, await unreachable()])
  const first = await post(`${url}/v1/messages`, question)
  await first.text()

  const second = await post(`${url}/v1/messages`, question)

  assert.equal(first.status, 429)
  assert.equal(first.headers.get('retry-after'), '600')
  const after = Number(second.headers.get('retry-after'))
  assert.ok(second.status >= 429 && after > 590 && after <= 600, `${second.status} ${after}`)
  assert.equal(limited.requests.length, 1)
})

async function unreachable(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

/** A model at each address; each next one stands in for the first. */
async function served(t: TestContext, [first, second]: string[]): Promise<string> {
  const auth = { env: 'MY_KEY', header: 'x-api-key' }
  const { url } = await startProxy(t, {
    config: {
      system_prompt: '',
      timeouts: { connect_s: 1 },
      endpoints: [
        { name: 'first', type: 'anthropic', base_url: first, auth },
        { name: 'second', type: 'anthropic', base_url: second, auth },
      ],
      models: [
        {
          name: 'One',
          id: question.model,
          type: 'anthropic',
          endpoint: 'first',
          fallback: ['claude-opus-4-8'],
        },
        { name: 'Two', id: 'claude-opus-4-8', type: 'anthropic', endpoint: 'second' },
      ],
    },
    env: { MY_KEY: 'sk-of-the-test-1' },
  })
  return url
}

async function untrusted(t: TestContext): Promise<number> {
  const server = createServer(selfSigned()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}
