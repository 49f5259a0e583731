import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import type { MessageCreateParams } from '@anthropic-ai/sdk/resources/messages'
import { call, hello, refusal, tool } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const text = (words: string) => ({ type: 'text', text: words })

function searching(search_context_size: string) {
  return { web_search_options: { search_context_size } }
}

function search(max_uses: number) {
  return { type: 'web_search_20250305', name: 'web_search', max_uses }
}

suite('§5.2 the fields of a chat request', () => {
  const rows: [row: string, request: object, field: string, expected: unknown][] = [
    ['stop, a string', { stop: 'END' }, 'stop_sequences', ['END']],
    ['stop, blank entries', { stop: ['', ' \n', 'END'] }, 'stop_sequences', ['END']],
    [
      'stop, more than chat’s own API takes',
      { stop: ['a', ' ', 'b', 'c', 'a', 'd', 'e'] },
      'stop_sequences',
      ['a', 'b', 'c', 'd'],
    ],
    ['stop, none left', { stop: ['', ' '] }, 'stop_sequences', undefined],
    ['stop null', { stop: null }, 'stop_sequences', undefined],
    ['user', { user: 'u1' }, 'metadata', { user_id: 'u1' }],
    [
      'safety_identifier before user',
      { user: 'u', safety_identifier: 's' },
      'metadata',
      { user_id: 's' },
    ],
    ['metadata.user_id', { metadata: { user_id: 'm', a: 'b' } }, 'metadata', { user_id: 'm' }],
    [
      'metadata.user_id after user',
      { user: 'u', metadata: { user_id: 'm' } },
      'metadata',
      { user_id: 'u' },
    ],
    ['metadata otherwise', { metadata: { a: 'b' } }, 'metadata', undefined],
    ['service_tier auto', { service_tier: 'auto' }, 'service_tier', 'auto'],
    ['service_tier priority', { service_tier: 'priority' }, 'service_tier', 'auto'],
    ['service_tier scale', { service_tier: 'scale' }, 'service_tier', 'auto'],
    ['service_tier default', { service_tier: 'default' }, 'service_tier', 'standard_only'],
    ['service_tier flex', { service_tier: 'flex' }, 'service_tier', undefined],
    ['service_tier fast', { service_tier: 'fast' }, 'service_tier', 'auto'],
    ['search_context_size low', searching('low'), 'tools', [search(1)]],
    ['search_context_size medium', searching('medium'), 'tools', [search(3)]],
    ['search_context_size high', searching('high'), 'tools', [search(5)]],
    [
      'cache_control',
      { cache_control: { type: 'ephemeral' } },
      'cache_control',
      { type: 'ephemeral' },
    ],
    ['top_k', { top_k: 5 }, 'top_k', 5],
    ['seed', { seed: 1 }, 'seed', undefined],
    ['n', { n: 1 }, 'n', undefined],
    [
      'stream_options.include_usage',
      { stream_options: { include_usage: true } },
      'stream_options',
      undefined,
    ],
    ['unknown fields', { speed: 'fast', betas: [] }, 'speed', undefined],
    [
      'web_search_options, empty',
      { web_search_options: {} },
      'tools',
      [{ type: 'web_search_20250305', name: 'web_search' }],
    ],
    [
      'web_search_options, a place and a size',
      {
        web_search_options: {
          search_context_size: 'medium',
          user_location: { type: 'approximate', approximate: { city: 'Basel', country: 'CH' } },
        },
      },
      'tools',
      [
        {
          type: 'web_search_20250305',
          name: 'web_search',
          max_uses: 3,
          user_location: { type: 'approximate', city: 'Basel', country: 'CH' },
        },
      ],
    ],
  ]
  for (const [row, request, field, expected] of rows) {
    test(row, () => {
      assert.deepEqual(ask({ ...request }).body[field], expected)
    })
  }

  test('the upstream id and the decision on streaming are what goes upstream', () => {
    const { body } = ask(
      { stream: false },
      { model: { upstream_id: 'claude-opus-4-5-20251101' }, stream: true },
    )

    assert.equal(body.model, 'claude-opus-4-5-20251101')
    assert.equal(body.stream, true)
  })

  const wrong: [param: string, request: object][] = [
    ['stop', { stop: 3 }],
    ['stop[1]', { stop: ['a', 3] }],
    ['stop', { stop: Array.from({ length: 300 }, (_none, at) => `${at}`) }],
    ['user', { user: 3 }],
    ['temperature', { temperature: 'hot' }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_completion_tokens', { max_completion_tokens: 1.5 }],
    ['web_search_options', { web_search_options: true }],
    ['web_search_options.user_location', { web_search_options: { user_location: 'here' } }],
    ['response_format', { response_format: 'json' }],
    ['messages', { messages: 'Hello' }],
  ]
  for (const [param, request] of wrong) {
    test(`a wrong ${param} is a 400 that names it`, () => {
      assert.throws(() => ask({ ...request }), refusal(param))
    })
  }
})

suite('§1.4 what was lost is named', () => {
  const lost = {
    verbosity: 'low',
    logprobs: true,
    top_logprobs: 2,
    logit_bias: { 1: 2 },
    seed: 7,
    presence_penalty: 0.5,
    frequency_penalty: 0.5,
    prediction: { type: 'content', content: '' },
    store: true,
    prompt_cache_key: 'k',
    prompt_cache_options: {},
    prompt_cache_retention: '24h',
    moderation: {},
    service_tier: 'flex',
    metadata: { a: 'b' },
  }
  for (const [name, value] of Object.entries(lost)) {
    test(name, () => {
      assert.deepEqual(ask({ [name]: value }).dropped, [name])
    })
  }

  test('nulls and default values are not listed as dropped', () => {
    const nulls = Object.fromEntries(Object.keys(lost).map((name) => [name, null]))
    const defaults = {
      n: 1,
      logprobs: false,
      presence_penalty: 0,
      frequency_penalty: 0,
      store: false,
    }

    assert.deepEqual(ask(nulls).dropped, [])
    assert.deepEqual(ask(defaults).dropped, [])
    assert.deepEqual(ask({ metadata: { user_id: 'm' } }).dropped, [])
    assert.deepEqual(
      ask({ stop: null, tools: null, tool_choice: null, max_tokens: null }).dropped,
      [],
    )
  })
})

suite('T1: the user id is opaque', () => {
  const hash = (id: string) => createHash('sha256').update(id).digest('hex')
  const personal = [
    'jane.doe@example.com',
    'Jane Doe',
    '+41 79 123 45 67',
    '555-123-4567',
    '0791234567',
    'Zoë',
    '{"device_id":"d"}',
    'x'.repeat(257),
  ]
  const opaque = ['u-7f3a', 'u1', 'org:12.b_c', '4711', '1234567890', 'x'.repeat(256)]
  const places: [what: string, at: (id: string) => object][] = [
    ['user', (user) => ({ user })],
    ['safety_identifier', (safety_identifier) => ({ safety_identifier })],
    ['metadata.user_id', (user_id) => ({ metadata: { user_id } })],
  ]
  for (const [what, at] of places) {
    test(`T1: ${what} that may name a person goes up as its SHA-256`, () => {
      for (const id of personal) {
        assert.deepEqual(ask({ ...at(id) }).body.metadata, { user_id: hash(id) })
        assert.deepEqual(ask({ ...at(id) }).dropped, [])
      }
    })

    test(`T1: ${what} that is opaque goes up as it is`, () => {
      for (const id of opaque) {
        assert.deepEqual(ask({ ...at(id) }).body.metadata, { user_id: id })
      }
    })
  }

  test('T1: an empty user id is not sent', () => {
    assert.equal(ask({ user: '' }).body.metadata, undefined)
  })
})

suite("§1.5 the operator's system prompt", () => {
  const prompt = 'You are Droid.\n\n'

  test("the system prompt goes in front of the client's", () => {
    const messages = [{ role: 'system', content: 'Be brief.' }, ...hello]

    assert.deepEqual(ask({ messages }, { systemPrompt: prompt }).body.system, [
      text(prompt),
      text('Be brief.'),
    ])
  })

  test('the system prompt goes alone when the client has none', () => {
    assert.deepEqual(ask({}, { systemPrompt: prompt }).body.system, [text(prompt)])
  })

  test('the system prompt is not repeated when the client sends it', () => {
    const messages = [{ role: 'system', content: 'You are Droid. Be brief.' }, ...hello]

    assert.deepEqual(ask({ messages }, { systemPrompt: prompt }).body.system, [
      text('You are Droid. Be brief.'),
    ])
  })

  test('switched off leaves no system at all', () => {
    assert.equal('system' in ask({}, { systemPrompt: '' }).body, false)
  })
})

suite('§5.1 headers', () => {
  test('the version is 2023-06-01 unless the client says otherwise', () => {
    assert.deepEqual(ask({}).headers, { 'anthropic-version': '2023-06-01' })
    const headers = { 'anthropic-version': '2026-10-21' }
    assert.equal(ask({}, { headers }).headers['anthropic-version'], '2026-10-21')
  })

  test("the client's betas go along, trimmed and once", () => {
    const headers = { 'anthropic-beta': ' a, b ,a,' }

    assert.equal(ask({}, { headers }).headers['anthropic-beta'], 'a,b')
  })
})

test('§5.2 a whole request is what the official client would have sent', () => {
  const { body } = ask(
    {
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
        {
          role: 'assistant',
          content: null,
          tool_calls: [call('c1', 'weather', '{"city":"Basel"}')],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
      ],
      tools: [tool('weather', { type: 'object', properties: { city: { type: 'string' } } })],
      tool_choice: 'auto',
      max_tokens: 100,
      stop: 'END',
      user: 'u1',
      reasoning_effort: 'low',
    },
    { model: { id: 'claude-opus-4-8' }, stream: true },
  )

  const expected = {
    model: 'claude-opus-4-8',
    max_tokens: 100,
    stream: true,
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'Basel' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'sunny' }] },
    ],
    tools: [
      {
        name: 'weather',
        input_schema: { type: 'object', properties: { city: { type: 'string' } } },
      },
    ],
    tool_choice: { type: 'auto' },
    stop_sequences: ['END'],
    metadata: { user_id: 'u1' },
    thinking: { type: 'adaptive', display: 'summarized' },
    output_config: { effort: 'low' },
  } satisfies MessageCreateParams
  assert.deepEqual(body, expected)
})
