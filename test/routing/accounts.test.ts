/** Several accounts at one endpoint: which one serves, when another steps in, and what a client learns of it. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import {
  anthropicStream,
  responsesBody,
  sse,
  startUpstream,
  type Answer,
} from '../helpers/upstream.ts'
import { accountOf, good, question, refusal, spent, twoAccounts } from './setting.ts'

test('contract §17: the first account serves as long as it can', async (t) => {
  const { ask, asked } = await twoAccounts(t, () => good)

  const answer = await ask()
  await ask()

  assert.equal(answer.headers.get('x-droid2api-account'), 'one')
  assert.equal(answer.headers.get('x-droid2api-attempts'), null)
  assert.deepEqual(asked(), ['one', 'one'])
})

for (const road of ['same-api', 'translated']) {
  test(`contract §17: the next account steps in within one request, and the first one rests (${road})`, async (t) => {
    const { proxy, asked } = await twoAccounts(t, (account) => (account === 'one' ? spent : good))
    const route = road === 'same-api' ? '/v1/messages' : '/v1/chat/completions'
    const ask = () => post(proxy.url + route, question)

    const first = await ask()
    const second = await ask()

    assert.deepEqual([first.status, second.status], [200, 200])
    assert.match(await first.text(), /Hello\./)
    assert.equal(first.headers.get('x-droid2api-attempts'), 'claude=429, claude=200')
    assert.equal(first.headers.get('x-droid2api-endpoint'), 'claude')
    assert.deepEqual(asked(), ['one', 'two', 'two'])
    const rests = proxy.logs.filter(({ msg }) => /cools down until .* \(429/.test(String(msg)))
    assert.equal(rests.length, 1)
    assert.doesNotMatch(proxy.rawLog(), /key-of-/)
    const line = proxy.logs.find(({ msg }) => msg === 'request')
    assert.deepEqual([line?.account, line?.attempts], ['two', 2])
  })
}

test('contract §17: a short wait is waited for, once, with the same account', async (t) => {
  let count = 0
  const short = refusal(429, { 'retry-after-ms': '30' })
  const { ask, asked } = await twoAccounts(t, () => (count++ === 0 ? short : good))

  const answer = await ask()

  assert.equal(answer.status, 200)
  assert.deepEqual(asked(), ['one', 'one'])
})

test('contract §17: the same short limit after the wait goes to the next account', async (t) => {
  const short = refusal(429, { 'retry-after-ms': '30' })
  const { ask, asked } = await twoAccounts(t, (account) => (account === 'one' ? short : good))

  const answer = await ask()

  assert.equal(answer.status, 200)
  assert.deepEqual(asked(), ['one', 'one', 'two'])
})

const passedOn: [name: string, answer: Answer][] = [
  ['a bare 429', refusal(429)],
  ['403', refusal(403)],
  ['400', refusal(400)],
  ['500', refusal(500)],
  ['503 without a fallback', refusal(503, { 'retry-after': '1' })],
]

for (const [name, answer] of passedOn) {
  test(`contract §17: ${name} is passed on as it came, and no account rests`, async (t) => {
    const { ask, asked } = await twoAccounts(t, () => answer)

    const got = await ask()
    await ask()

    assert.equal(got.status, answer.status)
    assert.deepEqual(await got.json(), answer.body)
    assert.deepEqual(asked(), ['one', 'one'])
  })
}

const movedOn: [name: string, answer: Answer][] = [
  ['401 of a fixed key', refusal(401)],
  ['402', refusal(402)],
  [
    'an empty balance, told as 400',
    refusal(400, {}, { message: 'Your credit balance is too low' }),
  ],
  ['a quota code without a time', refusal(429, {}, { code: 'insufficient_quota' })],
  ['a lying limit', refusal(429, { 'retry-after': '-1', 'x-ratelimit-remaining-tokens': '0' })],
]

for (const [name, answer] of movedOn) {
  test(`contract §17: after ${name} the next account serves`, async (t) => {
    const { ask, asked } = await twoAccounts(t, (account) => (account === 'one' ? answer : good))

    const statuses = [(await ask()).status, (await ask()).status]

    assert.deepEqual(statuses, [200, 200])
    assert.deepEqual(asked(), ['one', 'two', 'two'])
  })
}

test('contract §17: when all rest, the answer is 429 with the soonest time, and nobody is asked', async (t) => {
  const { ask, upstream } = await twoAccounts(t, (account) =>
    refusal(429, { 'retry-after': account === 'one' ? '3600' : '600' }),
  )

  const last = await ask()
  const refused = await ask()

  assert.equal(last.status, 429)
  assert.equal(last.headers.get('retry-after'), '600')
  assert.equal(refused.status, 429)
  const { error } = (await refused.json()) as { error: { message: string } }
  assert.match(error.message, /^2 of 2 accounts are cooling down/)
  assert.ok(Number(refused.headers.get('retry-after')) <= 600)
  assert.equal(upstream.requests.length, 2)
})

test('contract §17: where no account can ever serve the answer is 400', async (t) => {
  const { ask } = await twoAccounts(t, () => refusal(401))

  const first = await ask()
  const second = await ask()

  assert.equal(first.status, 401)
  assert.equal(second.status, 400)
})

test('contract §17.5: a stream that begins with an error is a refusal as long as another can serve', async (t) => {
  const overQuota = sse('error', {
    type: 'error',
    error: { type: 'rate_limit_error', message: 'no' },
  })
  const start = anthropicStream({ text: ['x'] })[0]!
  const { ask, asked } = await twoAccounts(t, (account) =>
    account === 'one'
      ? { sse: [start, overQuota], headers: { 'retry-after': '60' } }
      : { sse: anthropicStream({ text: ['Hel', 'lo.'] }) },
  )

  const answer = await ask({ stream: true })

  assert.equal(answer.status, 200)
  const text = await answer.text()
  assert.ok(!text.includes('rate_limit_error'))
  assert.equal(text, anthropicStream({ text: ['Hel', 'lo.'] }).join(''))
  assert.deepEqual(asked(), ['one', 'two'])
  assert.equal(answer.headers.get('x-droid2api-attempts'), 'claude=429, claude=200')
})

test('contract §17.8: a request that was sent and then lost is sent to nobody else', async (t) => {
  const { ask, asked } = await twoAccounts(t, () => ({ sse: ['hang-up'], silent: true }))

  const answer = await ask()

  assert.equal(answer.status, 502)
  assert.deepEqual(asked(), ['one'])
})

test('contract §17: a request whose id lives in one account gets the answer of that one', async (t) => {
  const { ask, asked } = await twoAccounts(t, () => spent)
  await ask({ container: 'container_1' })

  const answer = await ask({ container: 'container_1' })

  assert.equal(answer.status, 429)
  assert.deepEqual(asked(), ['one', 'one'])
})

test('contract §17: a quoted id binds nothing', async (t) => {
  const { ask, asked } = await twoAccounts(t, (account) => (account === 'one' ? spent : good))
  const content = 'Explain {"previous_response_id": "resp_1"}'

  await ask({ messages: [{ role: 'user', content }] })

  assert.deepEqual(asked(), ['one', 'two'])
})

const notIds: [what: string, more: Record<string, unknown>][] = [
  [
    'in a tool call',
    { messages: [toolCall({ container: 'web', file_id: '1a2b', conversation: 'x' })] },
  ],
  ['of null', { container: null, previous_response_id: null }],
]

function toolCall(input: Record<string, unknown>) {
  return { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'run', input }] }
}

for (const [what, more] of notIds) {
  test(`contract §17: a name ${what} that ids have binds nothing`, async (t) => {
    const { ask, asked } = await twoAccounts(t, (account) => (account === 'one' ? spent : good))

    await ask(more)

    assert.deepEqual(asked(), ['one', 'two'])
  })
}

for (const [what, more] of Object.entries({
  previous_response_id: { previous_response_id: 'resp_1' },
  conversation: { conversation: { id: 'conv_1' } },
  'a file': {
    messages: [{ role: 'user', content: [{ source: { type: 'file', file_id: 'file_1' } }] }],
  },
})) {
  test(`contract §17: ${what} binds a request to its account`, async (t) => {
    const { ask, asked } = await twoAccounts(t, (account) => (account === 'one' ? spent : good))

    assert.equal((await ask(more)).status, 429)

    assert.deepEqual(asked(), ['one'])
  })
}

test('contract §17: a conversation that began with the second account goes on there with its encrypted reasoning', async (t) => {
  let isSpent = true
  const upstream = await startUpstream(t, (request) => {
    if (accountOf(request) === 'one' && isSpent) return spent
    return { body: responsesBody({ text: ['Hi.'] }) }
  })
  const accounts = ['one', 'two']
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      accounts: accounts.map((name) => ({ name, key: `key-of-${name}`, header: 'x-api-key' })),
      endpoints: [{ name: 'gpt', type: 'openai', base_url: upstream.url, accounts }],
      models: [{ name: 'GPT', id: 'gpt-5.1', type: 'openai' }],
    },
  })
  const first = [{ role: 'user', content: 'Hi' }]
  const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' }
  const later = [...first, reasoning, { role: 'user', content: 'Go on' }]
  const ask = async (input: unknown, session: string) =>
    (
      await post(
        `${proxy.url}/v1/responses`,
        { model: 'gpt-5.1', input },
        { 'session-id': session },
      )
    ).status

  const before = [await ask(first, 's-1'), await ask(later, 's-1'), await ask(later, 's-2')]
  isSpent = false
  const after = [await ask(later, 's-1'), await ask(later, 's-2')]

  assert.deepEqual(
    [before, after],
    [
      [200, 200, 429],
      [200, 200],
    ],
  )
  assert.deepEqual(upstream.requests.map(accountOf), ['one', 'two', 'two', 'one', 'two', 'one'])
})

test('contract §17.8: a request is sent at most retry.attempts times', async (t) => {
  const accounts = ['one', 'two', 'three', 'four', 'five']
  const { ask, asked } = await twoAccounts(t, () => spent, { accounts })

  const answer = await ask()

  assert.equal(answer.status, 429)
  assert.deepEqual(asked(), ['one', 'two', 'three'])
})

test('contract §17: 200 requests at once meet an account whose rest is over: one of them tries it', async (t) => {
  let isOver = false
  const { ask, asked } = await twoAccounts(
    t,
    async (account) => {
      if (account === 'two') return good
      return refusal(429, { 'retry-after-ms': isOver ? '60000' : '20' })
    },
    { config: { retry: { wait_s: 0.01 } } },
  )
  await ask()
  isOver = true
  await new Promise((resolve) => setTimeout(resolve, 40))
  const before = asked().length

  const answers = await Promise.all(Array.from({ length: 200 }, () => ask()))

  assert.ok(answers.every(({ status }) => status === 200))
  const after = asked().slice(before)
  assert.equal(after.filter((account) => account === 'one').length, 1)
  assert.equal(after.length, 201)
})

test('contract §17: 200 requests at once find an account spent: each is sent at most retry.attempts times, all are answered', async (t) => {
  const { ask, asked } = await twoAccounts(t, (account) => (account === 'one' ? spent : good))

  const answers = await Promise.all(Array.from({ length: 200 }, () => ask()))
  const sends = asked().length
  await ask()

  assert.ok(answers.every(({ status }) => status === 200))
  assert.ok(sends <= 400, `${sends} sends`)
  assert.deepEqual(asked().slice(sends), ['two'])
})

test('contract §17: an account that serves after its rest is the first again', async (t) => {
  let isSpent = true
  const short = refusal(429, { 'retry-after-ms': '40' })
  const { ask, asked, proxy } = await twoAccounts(
    t,
    (account) => (account === 'one' && isSpent ? short : good),
    { config: { retry: { wait_s: 0.01 } } },
  )
  await ask()
  isSpent = false
  await new Promise((resolve) => setTimeout(resolve, 60))

  await ask()
  await ask()

  assert.deepEqual(asked(), ['one', 'two', 'one', 'one'])
  assert.ok(proxy.logs.some(({ msg }) => msg === 'account one serves again'))
})

test('contract §17: a limit of one model leaves the account to the others', async (t) => {
  const ofOpus = refusal(429, {
    'anthropic-ratelimit-unified-7d_opus-status': 'rejected',
    'anthropic-ratelimit-unified-7d_opus-reset': String(Math.floor(Date.now() / 1000) + 3600),
  })
  const { ask, asked } = await twoAccounts(
    t,
    (account, request) => (account === 'one' && request.body.includes('opus') ? ofOpus : good),
    {
      config: {
        models: [
          { name: 'S', id: 'claude-sonnet-4-5', type: 'anthropic' },
          { name: 'O', id: 'claude-opus-4-8', type: 'anthropic' },
        ],
      },
    },
  )

  await ask({ model: 'claude-opus-4-8' })
  await ask()
  await ask({ model: 'claude-opus-4-8' })

  assert.deepEqual(asked(), ['one', 'two', 'one', 'two'])
})

test('contract §17: each login has a file and a renewal of its own, and its 401 is renewed and replayed', async (t) => {
  const servers = [await startTokenServer(t), await startTokenServer(t)] as const
  const upstream = await startUpstream(t, ({ headers }) =>
    headers.authorization === `Bearer ${servers[0].accessToken}` ? good : refusal(401),
  )
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      accounts: servers.map(({ url, refreshToken }, index) => ({
        name: `login-${index}`,
        login: refreshToken,
        token_url: url,
      })),
      endpoints: [
        {
          name: 'claude',
          type: 'anthropic',
          base_url: upstream.url,
          accounts: ['login-1', 'login-0'],
        },
      ],
      models: [{ name: 'Claude', id: 'claude-sonnet-4-5', type: 'anthropic' }],
    },
  })

  const answer = await post(`${proxy.url}/v1/messages`, question)

  assert.equal(answer.status, 200)
  // the refused login was renewed once more, and its request replayed; then the other one served
  assert.deepEqual([servers[0].refreshes, servers[1].refreshes], [1, 2])
  assert.equal(upstream.requests.length, 3)
  for (const name of ['login-0', 'login-1']) {
    assert.ok(existsSync(path.join(proxy.dir, 'data', 'accounts', `${name}.json`)))
  }
  assert.equal(answer.headers.get('x-droid2api-account'), 'login-0')
})

test('contract §17.2: several values of a variable are accounts in their order', async (t) => {
  const upstream = await startUpstream(t, ({ headers }) =>
    headers.authorization === 'Bearer fk-of-the-first-1' ? spent : good,
  )
  const proxy = await startProxy(t, {
    env: { FACTORY_API_KEY: 'fk-of-the-first-1, fk-of-the-second-2' },
    config: {
      endpoints: [{ name: 'claude', type: 'anthropic', base_url: upstream.url, auth: 'account' }],
      models: [{ name: 'Claude', id: 'claude-sonnet-4-5', type: 'anthropic' }],
    },
  })

  const answer = await post(`${proxy.url}/v1/messages`, question)

  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('x-droid2api-account'), 'account-2')
})

test('contract §17: a silent token server of one account does not stop the other', async (t) => {
  const tokens = await startTokenServer(t)
  tokens.faults.push({ status: 400, body: '{"error":"invalid_grant"}' })
  const upstream = await startUpstream(t, () => good)
  const proxy = await startProxy(t, {
    config: {
      accounts: [
        { name: 'dead', login: tokens.refreshToken, token_url: tokens.url },
        { name: 'key', key: 'key-of-key', header: 'x-api-key' },
      ],
      endpoints: [
        { name: 'c', type: 'anthropic', base_url: upstream.url, accounts: ['dead', 'key'] },
      ],
      models: [{ name: 'Claude', id: 'claude-sonnet-4-5', type: 'anthropic' }],
    },
  })

  const answer = await post(`${proxy.url}/v1/messages`, question)

  assert.equal(answer.status, 200)
  assert.deepEqual(upstream.requests.map(accountOf), ['key'])
})
