/** What the examples of docs/operating.md promise, tried with their very configurations. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import {
  anthropicMessage,
  startUpstream,
  type Answer,
  type RecordedRequest,
} from '../helpers/upstream.ts'
import { at, exampleOf, variablesOf } from './operating-page.ts'

const ask = { max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] }
const sonnet = { ...ask, model: 'claude-sonnet-5-5' }
const spent: Answer = { status: 429, headers: { 'retry-after': '3600' }, body: { error: {} } }

/** The proxy of a section, with a scripted upstream in place of its providers. */
async function example(
  t: TestContext,
  section: string,
  script: (request: RecordedRequest) => Answer,
) {
  const config = exampleOf(section)
  const upstream = await startUpstream(t, script)
  const variables = variablesOf(config)
  const env = { FACTORY_API_KEY: 'fk-of-the-account', ...variables }
  const proxy = await startProxy(t, { config: at(upstream.url, config), env })
  return { proxy, upstream, variables }
}

test('operating, Accounts: the second one steps in, and the client notices nothing', async (t) => {
  const { proxy, upstream, variables } = await example(t, 'Accounts', ({ headers }) =>
    headers['x-api-key'] === variables.ANTHROPIC_KEY_1
      ? spent
      : { body: anthropicMessage({ text: ['Hello.'] }) },
  )

  const answers = [
    await post(`${proxy.url}/v1/messages`, sonnet),
    await post(`${proxy.url}/v1/messages`, sonnet),
  ]

  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  )
  const keys = upstream.requests.map(({ headers }) => headers['x-api-key'])
  const { ANTHROPIC_KEY_1: first, ANTHROPIC_KEY_2: second } = variables
  assert.deepEqual(keys, [first, second, second])
  const line = proxy.logs.find(({ msg }) => String(msg).startsWith('account first cools down'))
  assert.ok(line)
})

test('operating, Fallback: the local model serves, says so, and not where it is not wanted', async (t) => {
  const answer = { role: 'assistant', content: 'Hello from here.' }
  const { proxy } = await example(t, 'Fallback', ({ url }) =>
    url.includes('/messages')
      ? spent
      : { body: { id: 'c', choices: [{ index: 0, message: answer, finish_reason: 'stop' }] } },
  )
  const url = `${proxy.url}/v1/messages`

  const served = await post(url, sonnet)
  const kept = await post(url, sonnet, { 'x-droid2api-no-fallback': '1' })

  assert.equal(served.status, 200)
  assert.match(await served.text(), /Hello from here\./)
  assert.equal(served.headers.get('x-droid2api-model'), 'local')
  assert.equal(served.headers.get('x-droid2api-attempts'), 'anthropic=429, ollama=200')
  assert.equal(kept.status, 429)
})

test('operating, Clients and limits: who has used the day up waits, and the other goes on', async (t) => {
  const usage = { input_tokens: 1_999_999, output_tokens: 1 }
  const { proxy, variables } = await example(t, 'Clients and limits', () => ({
    body: anthropicMessage({ text: ['Hello.'], usage }),
  }))
  const { ALICE_KEY: alice, BOB_KEY: bob } = variables
  const model = proxy.app.config.models.find(({ type }) => type === 'anthropic')!.id
  const asked = async (key: string | undefined, body: object) => {
    const answer = await post(`${proxy.url}/v1/messages`, body, { 'x-api-key': key! })
    await answer.text()
    return answer
  }

  const first = await asked(alice, { ...ask, model })
  const over = await asked(alice, { ...ask, model })
  const foreign = await asked(bob, { ...ask, model: 'gpt-5.1' })
  const other = await asked(bob, { ...ask, model })
  const nobody = await post(`${proxy.url}/v1/messages`, { ...ask, model })

  const statuses = [first, over, foreign, other, nobody].map(({ status }) => status)
  assert.deepEqual(statuses, [200, 429, 403, 200, 401])
  assert.ok(Number(over.headers.get('retry-after')) > 0)
})

test('operating, Usage: a price makes costs', async (t) => {
  const usage = { input_tokens: 1000, output_tokens: 100 }
  const { proxy } = await example(t, 'Usage', () => ({
    body: anthropicMessage({ text: ['Hello.'], usage }),
  }))

  await (await post(`${proxy.url}/v1/messages`, sonnet)).text()
  await until(() => proxy.app.usage.book.counted().length === 1)

  const [row] = proxy.app.usage.book.counted()
  assert.equal(row!.cost_micro_usd, 1000 * 3 + 100 * 15)
})
