/** The fields of a request, row by row. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import { refusal } from '../../../clients/chat/chat-pieces.ts'
import { ask, type Asked } from './ask.ts'

const reasoner: Asked = { model: { id: 'gpt-5' } }
const schema = { type: 'object', properties: { a: { type: 'string' } } }

const rows: [row: string, request: JsonObject, expected: JsonObject, asked?: Asked][] = [
  ['model: the upstream id', {}, { model: 'deployed' }, { model: { upstream_id: 'deployed' } }],
  ['store: always false', { store: true }, { store: false }],
  [
    'previous_response_id: never',
    { previous_response_id: 'r' },
    { previous_response_id: undefined },
  ],
  ['max_tokens', { max_tokens: 100 }, { max_output_tokens: 100, max_tokens: undefined }],
  [
    'max_completion_tokens wins over max_tokens',
    { max_completion_tokens: 50, max_tokens: 100 },
    { max_output_tokens: 50, max_completion_tokens: undefined },
  ],
  [
    '-1 is no limit',
    { max_tokens: -1, max_completion_tokens: -1 },
    { max_output_tokens: undefined },
  ],
  ['a limit below 16 is raised', { max_tokens: 1 }, { max_output_tokens: 16 }],
  [
    "a limit above the entry's is lowered",
    { max_tokens: 64_000 },
    { max_output_tokens: 32_768 },
    { model: { max_output_tokens: 32_768 } },
  ],
  ...(
    [
      ['gpt-4.1-mini', 32_768],
      ['gpt-4o-2024-05-13', 4096],
      ['gpt-4o-2024-11-20', 16_384],
      ['gpt-4-turbo', 4096],
      ['gpt-3.5-turbo', 4096],
      ['openai/gpt-5.2-chat-latest', 16_384],
      ['o1-mini', 65_536],
      ['o3', 100_000],
      ['gpt-5', 128_000],
      ['my-deployment', 128_000],
    ] as const
  ).map(([id, most]): (typeof rows)[number] => [
    `a limit above what ${id} has is lowered`,
    { max_tokens: 128_000 },
    { max_output_tokens: most },
    { model: { id } },
  ]),
  [
    'the entry knows better than the id',
    { max_tokens: 128_000 },
    { max_output_tokens: 65_536 },
    { model: { id: 'gpt-4o', max_output_tokens: 65_536 } },
  ],
  ['no limit', { max_tokens: null }, { max_output_tokens: undefined }],
  ['stream: as decided', { stream: null }, { stream: true }, { stream: true }],
  ['stream: as decided', {}, { stream: false }],
  [
    'temperature and top_p as they are',
    { temperature: 0, top_p: 0.5 },
    { temperature: 0, top_p: 0.5 },
  ],
  [
    'temperature and top_p of a model that reasons',
    { temperature: 0.3, top_p: 0.5 },
    { temperature: undefined, top_p: undefined },
    reasoner,
  ],
  [
    'temperature of any model with a level',
    { temperature: 0.3 },
    { temperature: undefined },
    { model: { reasoning: 'low' } },
  ],
  [
    'temperature when the client wishes reasoning',
    { temperature: 0.3, reasoning_effort: 'low' },
    { temperature: undefined },
    { model: { id: 'our-deployment' } },
  ],
  ['response_format text', { response_format: { type: 'text' } }, { text: undefined }],
  [
    'response_format json_object',
    { response_format: { type: 'json_object' } },
    { text: { format: { type: 'json_object' } } },
  ],
  [
    'response_format json_schema, strict left out',
    { response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } },
    { text: { format: { type: 'json_schema', name: 'a', schema, strict: false } } },
  ],
  [
    'response_format json_schema, whole',
    {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'a', description: 'd', schema, strict: true },
      },
    },
    {
      text: { format: { type: 'json_schema', name: 'a', description: 'd', schema, strict: true } },
    },
  ],
  [
    'response_format json_schema without a schema',
    { response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
    { text: { format: { type: 'json_object' } } },
  ],
  [
    'verbosity beside a format',
    { verbosity: 'low', response_format: { type: 'json_object' } },
    { text: { verbosity: 'low', format: { type: 'json_object' } } },
    { model: { id: 'gpt-5.4' } },
  ],
  [
    'verbosity on a model that has none',
    { verbosity: 'low', response_format: { type: 'json_object' } },
    { text: { format: { type: 'json_object' } } },
    { model: { id: 'gpt-5.1-codex' } },
  ],
  [
    'include of a model that reasons',
    {},
    { include: ['reasoning.encrypted_content'], reasoning: undefined },
    reasoner,
  ],
  ['include of a model that does not', {}, { include: undefined }],
  [
    'logprobs',
    { logprobs: true },
    { include: ['message.output_text.logprobs'], top_logprobs: 0, logprobs: undefined },
  ],
  ['top_logprobs', { logprobs: true, top_logprobs: 3 }, { top_logprobs: 3 }],
  ['top_logprobs alone', { top_logprobs: 3 }, { top_logprobs: undefined }],
  [
    'logprobs of a model that reasons',
    { logprobs: true, top_logprobs: 3 },
    { include: ['reasoning.encrypted_content'], top_logprobs: undefined },
    reasoner,
  ],
  ['stop', { stop: ['x'] }, { stop: undefined }],
  ['n', { n: 1 }, { n: undefined }],
  ...kept({
    user: 'u',
    safety_identifier: 's',
    prompt_cache_key: 'k',
    prompt_cache_options: { ttl: '30m' },
    prompt_cache_retention: '24h',
    metadata: { a: 'b' },
    service_tier: 'flex',
    moderation: { model: 'm' },
  }),
  ['a null field', { user: null }, { user: undefined }],
  ['fast', {}, { service_tier: 'priority' }, { model: { fast: true } }],
  [
    'fast, but the client chose',
    { service_tier: 'flex' },
    { service_tier: 'flex' },
    { model: { fast: true } },
  ],
  [
    'web_search_options',
    {
      web_search_options: {
        search_context_size: 'low',
        user_location: { type: 'approximate', approximate: { city: 'Graz', country: 'AT' } },
      },
    },
    {
      web_search_options: undefined,
      tools: [
        {
          type: 'web_search',
          search_context_size: 'low',
          user_location: { type: 'approximate', city: 'Graz', country: 'AT' },
        },
      ],
    },
  ],
  ['web_search_options, empty', { web_search_options: {} }, { tools: [{ type: 'web_search' }] }],
  [
    'web_search_options beside the tool itself',
    { web_search_options: {}, tools: [{ type: 'web_search', filters: {} }] },
    { tools: [{ type: 'web_search', filters: {} }] },
  ],
]

function kept(fields: JsonObject): [row: string, request: JsonObject, expected: JsonObject][] {
  return Object.entries(fields).map(([name, value]) => [
    `${name}: same name`,
    { [name]: value },
    { [name]: value },
  ])
}

test('§7.1 a limit of the answer alone leaves a model that reasons room for it, up to 32000', () => {
  const limitOf = (request: JsonObject, id: string, reasoning: 'auto' | 'off' = 'auto') =>
    ask(request, { model: { id, reasoning } }).body.max_output_tokens

  assert.equal(limitOf({ max_tokens: 64 }, 'gpt-5'), 64 + 12_288)
  assert.equal(limitOf({ max_tokens: 64, reasoning_effort: 'minimal' }, 'gpt-5'), 64 + 512)
  assert.equal(limitOf({ max_tokens: 64, reasoning_effort: 'xhigh' }, 'gpt-5.4'), 64 + 24_576)
  assert.equal(limitOf({ max_tokens: 30_000 }, 'gpt-5'), 32_000)
  assert.equal(limitOf({ max_tokens: 64_000 }, 'gpt-5'), 64_000)
  assert.equal(limitOf({ max_tokens: 64 }, 'gpt-5.4'), 64)
  assert.equal(limitOf({ max_tokens: 64, reasoning_effort: 'none' }, 'gpt-5.4'), 64)
  assert.equal(limitOf({ max_tokens: 64 }, 'gpt-4.1'), 64)
  assert.equal(limitOf({ max_tokens: 1 }, 'gpt-5'), 16)
  assert.equal(limitOf({ max_completion_tokens: 64 }, 'gpt-5'), 64)
})

suite('§7.1 fields', () => {
  for (const [row, request, expected, asked] of rows) {
    test(`${row}: ${JSON.stringify(request).slice(0, 60)}`, () => {
      const { body } = ask(request, asked)

      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(body[name], value, name)
        if (value === undefined) assert.ok(!(name in body), `${name} is sent`)
      }
    })
  }
})

suite('§1.4 what changes results and is dropped is named', () => {
  const dropped: [request: JsonObject, names: string[], asked?: Asked][] = [
    [{ stop: 'x' }, []],
    [{ seed: 1 }, ['seed']],
    [{ logit_bias: { 1: 2 } }, ['logit_bias']],
    [{ presence_penalty: 1, frequency_penalty: 1 }, ['presence_penalty', 'frequency_penalty']],
    [{ prediction: { type: 'content', content: 'x' } }, ['prediction']],
    [{ top_k: 5 }, ['top_k']],
    [{ store: true }, ['store']],
    [{ stream_options: { include_obfuscation: true } }, ['stream_options.include_obfuscation']],
    [{ temperature: 0.2, top_p: 0.2 }, ['temperature', 'top_p'], reasoner],
    [{ logprobs: true, top_logprobs: 2 }, ['logprobs', 'top_logprobs'], reasoner],
    [{ reasoning_effort: 'high' }, ['reasoning_effort'], { model: { reasoning: 'low' } }],
    [{ temperature: 0.2 }, []],
    [{ verbosity: 'low' }, ['verbosity']],
    [{ verbosity: 'medium' }, []],
    [{ verbosity: 'low' }, [], { model: { id: 'gpt-5.4' } }],
    [{ temperature: 1, top_p: 1 }, [], reasoner],
    [{ n: 1, store: false, stop: null, presence_penalty: 0, seed: null }, []],
    [{ stop: [], logit_bias: {}, logprobs: false }, []],
    [{ whatever: 1, stream_options: { include_usage: true } }, []],
    [{ reasoning_effort: 'low' }, [], { model: { reasoning: 'low' } }],
  ]
  for (const [request, names, asked] of dropped) {
    test(`${JSON.stringify(request)}: ${names.join(', ') || 'nothing'}`, () => {
      assert.deepEqual(ask(request, asked).dropped.toSorted(), names.toSorted())
    })
  }
})

test('§7.1 user and the like are hashed where they are longer than the API takes', () => {
  const long = 'client_d4a85a75-2483-4b2d-b15b-b97d182711ef:agent:session:main:one'
  const names = ['user', 'safety_identifier', 'prompt_cache_key']

  const { body, dropped } = ask(Object.fromEntries(names.map((name) => [name, long])))
  const again = ask({ user: long }).body.user
  const short = ask({ user: 'u'.repeat(64) }).body.user

  for (const name of names) assert.match(String(body[name]), /^[0-9a-f]{64}$/)
  assert.equal(again, body.user)
  assert.equal(short, 'u'.repeat(64))
  assert.deepEqual(dropped, [])
})

test('translation §7.1: a schema without a name, or with one that the API refuses, gets one that it takes', () => {
  const nameFor = (name: unknown) => {
    const format = { type: 'json_schema', json_schema: { name, schema: { type: 'object' } } }
    const { text } = ask({ response_format: format }).body
    return text?.format && 'name' in text.format && text.format.name
  }

  assert.equal(nameFor(undefined), 'answer')
  assert.equal(nameFor(''), 'answer')
  assert.equal(nameFor('My schema: Ä!'), 'My_schema____')
  assert.equal(nameFor('x'.repeat(70)), 'x'.repeat(64))
  assert.equal(nameFor('good_name-1'), 'good_name-1')
})

suite('§7.1 a nested wrong type is refused with its place', () => {
  const faults: [request: JsonObject, place: string][] = [
    [{ max_tokens: '1' }, 'max_tokens'],
    [{ temperature: '1' }, 'temperature'],
    [{ verbosity: 1 }, 'verbosity'],
    [{ response_format: 'json' }, 'response_format'],
    [{ response_format: { type: 'xml' } }, 'response_format.type'],
    [{ response_format: { type: 'json_schema', json_schema: 1 } }, 'response_format.json_schema'],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 1, schema } } },
      'response_format.json_schema.name',
    ],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: 1 } } },
      'response_format.json_schema.schema',
    ],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema, strict: 1 } } },
      'response_format.json_schema.strict',
    ],
    [{ web_search_options: 1 }, 'web_search_options'],
    [{ web_search_options: { user_location: 1 } }, 'web_search_options.user_location'],
  ]
  for (const [request, place] of faults) {
    test(place, () => {
      assert.throws(() => ask(request), refusal(place))
    })
  }
})

test('§7.1 no header is needed upstream', () => {
  assert.deepEqual(ask({}).headers, {})
})
