/** What an upstream refuses reaches each client with the status, the words and the headers that it acts on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { models, roads, type Type } from './requests.ts'

/** A conversation that is too long, in the words of each API. */
const tooLong: Record<Type, object> = {
  anthropic: {
    type: 'error',
    error: {
      type: 'invalid_request_error',
      message: 'prompt is too long: 210000 tokens > 200000 maximum',
    },
  },
  openai: {
    error: {
      message: 'Your input exceeds the context window of this model.',
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
    },
  },
  common: {
    error: { message: "This model's maximum context length is 8192 tokens.", code: 400 },
  },
  google: {
    error: {
      code: 400,
      message: 'The input token count (1200000) exceeds the maximum number of tokens allowed.',
      status: 'INVALID_ARGUMENT',
    },
  },
}

/** What Messages calls a status; in the dialect of OpenAI §10.2 has the words. */
const statuses: [status: number, type: string][] = [
  [400, 'invalid_request_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [409, 'conflict_error'],
  [413, 'request_too_large'],
  [422, 'invalid_request_error'],
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [503, 'overloaded_error'],
  [529, 'overloaded_error'],
]

function said(status: number): object {
  return { error: { message: `said with ${status}`, code: status } }
}

async function refused(
  t: Parameters<typeof startProxy>[0],
  { client, type }: Pick<(typeof roads)[number], 'client' | 'type'>,
  answer: { status: number; body: object; headers?: Record<string, string> },
) {
  const upstream = await startUpstream(t, () => answer)
  const { url } = await startProxy(t, {
    config: {
      retry: { attempts: 1 },
      system_prompt: '',
      endpoints: [{ name: 'e', type, base_url: upstream.url, auth: 'none' }],
      models: [{ name: 'M', id: models[type], type }],
    },
  })
  const back = await post(url + client.route, {
    model: models[type],
    ...client.ask([{ user: 'Hi' }]),
  })
  const { error } = (await back.json()) as { error: JsonObject }
  return { back, error: { ...error, message: String(error.message) } as JsonObject & Said }
}

interface Said {
  message: string
}

for (const road of roads) {
  const { road: name, client, type } = road
  const isMessages = client.route === '/v1/messages'

  test(`§10.2, §16.9, §17.9 ${name}: a conversation that is too long is called so`, async (t) => {
    const { back, error } = await refused(t, road, { status: 400, body: tooLong[type] })

    assert.equal(back.status, 400)
    if (isMessages) assert.match(error.message, /^prompt is too long: /)
    else assert.equal(error.code, 'context_length_exceeded')
  })

  test(`§10.2, §10.5, §16.9 ${name}: a status stays, with the client's word for it, and when to come again`, async (t) => {
    for (const [status, word] of statuses) {
      const headers = { 'retry-after': '7' }
      const { back, error } = await refused(t, road, { status, body: said(status), headers })

      assert.equal(back.status, status)
      assert.equal(back.headers.get('retry-after'), '7', String(status))
      assert.ok(error.message.includes(`said with ${status}`))
      if (isMessages) assert.equal(error.type, word, String(status))
    }
  })

  if (!isMessages) continue
  test(`§16.9 ${name}: a quota that is used up is not asked for again`, async (t) => {
    const body = { error: { message: 'You exceeded your quota.', code: 'insufficient_quota' } }
    const spent = await refused(t, road, { status: 429, body })
    const headers = { 'x-should-retry': 'true' }
    const told = await refused(t, road, { status: 429, body, headers })

    // Google has no such code
    if (type !== 'google') assert.equal(spent.back.headers.get('x-should-retry'), 'false')
    assert.equal(told.back.headers.get('x-should-retry'), 'true')
  })
}
