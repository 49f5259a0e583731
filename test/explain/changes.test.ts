/** The sentences on what a configuration changed: each names what, and the key or the rule that did it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'
import { explained, recorded, type Shown } from './setting.ts'

interface Case {
  what: string
  config?: Record<string, unknown>
  model?: Record<string, unknown>
  endpoint?: Record<string, unknown>
  path?: string
  body?: Record<string, unknown> | string
  headers?: Record<string, string>
  /** sentences that are there; with `!` in front: words that are not */
  told: string[]
}

const claude = { id: 'claude-sonnet-4-5', type: 'anthropic' }
const gpt = { id: 'gpt-5.1', type: 'openai' }
const glm = { id: 'glm-4.6', type: 'common' }
const hi = [{ role: 'user', content: 'Hi' }]
const chat = '/v1/chat/completions'
const thinking = { type: 'thinking', thinking: 'So', signature: 'EqQBCkYIChgC0123456789' }

const cases: Case[] = [
  {
    what: 'an alias',
    config: { model_redirects: { 'son*': claude.id } },
    body: { model: 'sonnet' },
    told: ['`model`: "sonnet" leads to "claude-sonnet-4-5" (`model_redirects`).'],
  },
  {
    what: 'the long window',
    body: { model: 'claude-sonnet-4-5[1m]' },
    told: [
      '`model`: "claude-sonnet-4-5[1m]" leads to "claude-sonnet-4-5" (`[1m]` behind a name is looked past).',
    ],
  },
  {
    what: 'the upstream’s own name',
    model: { upstream_id: 'them/claude' },
    told: ['`model`: "claude-sonnet-4-5" goes up as "them/claude" (`upstream_id`).'],
  },
  {
    what: 'the prompt of an endpoint',
    endpoint: { system_prompt: 'Be “ours”.\n' },
    told: ["`system` begins with the operator's `system_prompt` of the endpoint e."],
  },
  {
    what: 'a prompt that the client sends itself',
    config: { system_prompt: 'Be ours.' },
    body: { system: 'Be ours. And brief.' },
    told: ['!system_prompt'],
  },
  {
    what: 'the prompt of all, translated',
    config: { system_prompt: 'Be ours.' },
    model: gpt,
    path: chat,
    told: [
      'The body is translated: the request speaks the API of /v1/chat/completions, "gpt-5.1" that of type openai.',
      "`instructions` begins with the operator's `system_prompt`.",
      '!Names of tools',
    ],
  },
  {
    what: 'a name of a tool that the API does not take',
    model: gpt,
    path: chat,
    body: {
      tools: [
        { type: 'function', function: { name: 'files.read', parameters: { type: 'object' } } },
      ],
    },
    told: ['Names of tools are written as the API takes them; the answer has those of the client.'],
  },
  {
    what: 'a level of reasoning where bytes pass',
    model: { reasoning: 'high' },
    body: { temperature: 0.2, max_tokens: 9000 },
    told: [
      '`thinking`: set, since `reasoning` of the model "claude-sonnet-4-5" is "high".',
      '`temperature`: dropped, since `reasoning` of the model "claude-sonnet-4-5" is "high".',
      '`max_tokens`: changed, since `reasoning` of the model "claude-sonnet-4-5" is "high".',
      '`anthropic-beta` and `anthropic-version` are what the API wants beside the body.',
    ],
  },
  {
    what: 'a redirect to a model that reasons, where bytes pass',
    config: { model_redirects: { 'gpt-4.1': gpt.id } },
    model: gpt,
    path: '/v1/responses',
    body: { model: 'gpt-4.1', input: 'Hi', temperature: 0.2, reasoning: { effort: 'max' } },
    told: [
      '`reasoning`: changed, since the model "gpt-5.1" does not take what was written for another.',
      '`temperature`: dropped, since the model "gpt-5.1" does not take what was written for another.',
    ],
  },
  {
    what: 'a redirect to a model that does not reason, where bytes pass',
    config: { model_redirects: { 'gpt-5.1': 'gpt-4.1' } },
    model: { ...gpt, id: 'gpt-4.1' },
    path: '/v1/responses',
    body: {
      model: 'gpt-5.1',
      input: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA=' }],
      text: { verbosity: 'low' },
    },
    told: [
      '`input`: sealed reasoning that this model cannot use stays behind.',
      '`text` is dropped: the model "gpt-4.1" needs it so.',
    ],
  },
  {
    what: 'a level of reasoning, translated',
    model: { ...glm, reasoning: 'off' },
    path: '/v1/responses',
    body: { input: 'Hi', reasoning: { effort: 'high' }, truncation: 'auto' },
    told: [
      '`reasoning` of the model "glm-4.6" is "off", whatever the client wants.',
      '`reasoning.effort`: dropped, since `reasoning` decides.',
    ],
  },
  {
    what: 'calls in the text of an answer, where bytes pass',
    model: { ...glm, calls_in_text: true, upstream_id: 'qwen' },
    path: chat,
    body: { tools: [{ type: 'function', function: { name: 'look' } }], min_p: 0.1 },
    told: [
      '`model`: "glm-4.6" goes up as "qwen" (`upstream_id`).',
      "Calls of the request's tools are looked for in the answer's text (`calls_in_text`).",
      '!translated',
      '!min_p',
    ],
  },
  {
    what: 'reasoning in the text of an answer, where bytes pass',
    model: { ...glm, reasoning_in_text: true },
    path: chat,
    body: { min_p: 0.1 },
    told: [
      "The answer's text is reasoning up to the word that ends it (`reasoning_in_text`).",
      '!translated',
      '!calls_in_text',
    ],
  },
  {
    what: 'a limit of tokens',
    model: { ...gpt, max_output_tokens: 1000 },
    path: chat,
    body: { max_tokens: 64_000, seed: 1 },
    told: [
      '`max_output_tokens` is 1000 in place of 64000 in `max_tokens`: `max_output_tokens` of the model "gpt-5.1".',
      "`seed`: dropped or replaced, since the model's API has no word for it.",
    ],
  },
  {
    what: 'images',
    model: { images: false },
    body: {
      messages: [
        {
          role: 'user',
          content: [1, 2].map(() => ({
            type: 'image',
            source: { type: 'url', url: 'https://example.com/a.png' },
          })),
        },
      ],
    },
    told: [
      '`messages`: 2 images or PDF files became a note (`images` of the model "claude-sonnet-4-5" is false).',
    ],
  },
  {
    what: 'another model that the request names',
    model: { upstream_id: 'them/claude' },
    body: {
      tools: [{ type: 'advisor_20260301', name: 'advisor', model: claude.id }],
      fallbacks: [{ model: claude.id }],
    },
    told: [
      '`tools` is changed: the upstream calls a model in it otherwise.',
      '`fallbacks` is changed: the upstream calls a model in it otherwise.',
    ],
  },
  {
    what: 'tools of a model that takes no forced choice',
    model: { upstream_id: 'claude-sonnet-5-5' },
    body: {
      tools: ['one', 'two'].map((name) => ({ name, input_schema: { type: 'object' } })),
      tool_choice: { type: 'tool', name: 'one' },
    },
    told: ['`tools` is changed: the model "claude-sonnet-4-5" needs it so.'],
  },
  {
    what: 'the quick service',
    model: { ...gpt, fast: true },
    path: '/v1/responses',
    body: { input: 'Hi' },
    told: ['`service_tier` is set: `fast` of the model "gpt-5.1" is true.'],
  },
  {
    what: 'a stream that nobody asked for',
    config: { default_stream: true },
    model: glm,
    path: chat,
    told: ['`stream` is set: `default_stream` decides where a request leaves it out.'],
  },
  {
    what: 'a client whose tokens count',
    config: { clients: [{ name: 'alice', key: 'the-key-of-alice-1', tokens_per_day: 9 }] },
    model: glm,
    path: chat,
    body: { stream: true },
    headers: { 'x-api-key': 'the-key-of-alice-1' },
    told: [
      '`stream_options` is set: a limit of the client alice counts tokens, which only who asks is told.',
    ],
  },
  {
    what: 'a stream whose tokens count as usage',
    model: glm,
    path: chat,
    body: { stream: true },
    told: ['`stream_options` is set: `usage` counts tokens, which only who asks is told.'],
  },
  {
    what: 'a name that is given twice',
    body: '{"model":"claude-sonnet-4-5","max_tokens":1,"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}',
    told: ['`max_tokens`: given more than once, of which the last counts and goes up.'],
  },
  {
    what: 'nothing that is changed',
    told: ['!translated', '!`messages`', '!`model`', '!`content-length`'],
  },
  {
    what: 'headers',
    endpoint: { headers: { 'X-Ours': '1', 'User-Agent': 'ours/1' } },
    headers: { cookie: 'a=b', 'user-agent': 'theirs', 'x-own': '1' },
    told: [
      '`authorization` carries $KEY (`auth` of the endpoint e).',
      '`x-ours` and `user-agent` are set by `headers` of the endpoint e.',
      '`cookie`: not passed on (credentials, addresses and pages of a client are no business of an upstream).',
    ],
  },
  {
    what: 'a key among the headers of an endpoint',
    endpoint: { auth: undefined, headers: { 'X-Api-Key': 'a-key-of-the-file' } },
    headers: { 'x-api-key': 'sk-of-the-caller' },
    told: ['`x-api-key` is the key in `headers` of the endpoint e.'],
  },
  {
    what: 'a key of this proxy beside that of the client',
    config: { api_keys: ['the-key-of-the-proxy'] },
    endpoint: { auth: 'client' },
    headers: { authorization: 'Bearer the-key-of-the-proxy', 'x-api-key': 'sk-of-the-caller' },
    told: ['`authorization` of the client stays here.', '!`x-api-key`'],
  },
  {
    what: 'no credential',
    endpoint: { auth: 'none' },
    headers: { 'x-api-key': 'sk-of-the-caller' },
    told: [
      'No credential goes up (`auth` of the endpoint e); `x-api-key` of the client stays here.',
    ],
  },
]

for (const one of cases) {
  test(`contract §22.7: what changed is told: ${one.what}`, async (t) => {
    const { model, endpoint, config, path = '/v1/messages', headers } = one
    const entry = { ...claude, name: 'M', endpoint: 'e', ...model }
    const setting = await recorded(t, (url) => ({
      config: {
        system_prompt: '',
        endpoints: [{ name: 'e', base_url: url, auth: { env: 'KEY' }, ...endpoint }],
        models: [entry],
        ...config,
      },
      env: { KEY: 'sk-of-the-operator' },
    }))
    const usual = path === '/v1/responses' ? {} : { max_tokens: 9, messages: hi }
    const body =
      typeof one.body === 'string' ? one.body : { model: entry.id, ...usual, ...one.body }

    const { changes } = await explained(setting, path, body, headers)

    for (const wanted of one.told) {
      const all = changes.join('\n')
      if (wanted.startsWith('!')) assert.ok(!all.includes(wanted.slice(1)), all)
      else
        assert.ok(
          wanted.split('|').some((sentence) => changes.includes(sentence)),
          `${wanted}\n---\n${all}`,
        )
    }
  })
}

test('contract §22.7: reasoning that another provider has sealed is told to stay behind', async (t) => {
  const setting = await recorded(t, (url) => ({
    config: {
      system_prompt: '',
      endpoints: [
        { name: 'one', base_url: `${url}/one`, auth: 'none' },
        { name: 'two', base_url: url, auth: 'none' },
      ],
      models: [
        { ...claude, name: 'A', endpoint: 'one', provider: 'a', fallback: ['b'] },
        { ...claude, name: 'B', id: 'b', endpoint: 'two', provider: 'b' },
      ],
    },
  }))
  setting.proxy.app.pool.unnamed('one').bench.rest({ kind: 'told', ms: 60_000, why: '429' })
  const messages = [
    ...hi,
    { role: 'assistant', content: [thinking, { type: 'text', text: 'Ah' }] },
    ...hi,
  ]

  const { changes } = await explained(setting, '/v1/messages', {
    model: claude.id,
    max_tokens: 9,
    messages,
  })

  assert.ok(
    changes.includes('`model`: "b" stands in for "claude-sonnet-4-5" (`fallback`).'),
    changes.join('\n'),
  )
  assert.ok(
    changes.includes('`messages`: sealed reasoning that this model cannot use stays behind.'),
    changes.join('\n'),
  )
})

test('contract §22.7: reasoning that the memory adds is told, and shown as it goes up', async (t) => {
  const said = {
    ...anthropicMessage({ text: ['Ah'] }),
    content: [thinking, { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }],
    stop_reason: 'tool_use',
  }
  const upstream = await startUpstream(t, () => ({ body: said }))
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [{ name: 'e', base_url: upstream.url, auth: 'none' }],
      models: [{ ...claude, name: 'M', endpoint: 'e' }],
    },
  })
  const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }]
  const call = { id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{}' } }
  const first = { model: claude.id, messages: hi, tools, reasoning_effort: 'high' }
  const second = {
    ...first,
    messages: [
      ...hi,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'x' },
    ],
  }
  const post = (body: object) =>
    fetch(proxy.url + chat, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  await (await post(first)).text()

  const shown: Shown = await explained({ proxy }, chat, second)
  await (await post(second)).text()

  assert.ok(
    shown.changes.includes(
      '`messages`: reasoning of earlier answers goes back, as the client kept it or from `reasoning_memory`.',
    ),
    shown.changes.join('\n'),
  )
  assert.match(shown.body!, /EqQBCkYIChgC/)
  assert.equal(upstream.requests[1]!.body.toString('utf8'), shown.body)
})
