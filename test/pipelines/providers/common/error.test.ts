/** How chat upstreams refuse, before an answer and inside one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import { commonTranslator } from '../../../../pipelines/providers/common/answer.ts'
import { commonError, commonRefusal } from '../../../../pipelines/providers/common/error.ts'
import { brief, chat, chunk, content, context, finish } from './chunks.ts'

const rows: [what: string, event: JsonObject, line: string][] = [
  ['OpenAI', { error: { message: 'no', type: 'server_error', code: null } }, 'failed 500 null: no'],
  ['a code that is a status', { error: { message: 'no', code: 429 } }, 'failed 429 null: no'],
  ['text in place of an object', { error: 'no' }, 'failed 500 null: no'],
  ['Zhipu: a code of its own', { error: { code: '1302', message: 'no' } }, 'failed 500 null: no'],
  [
    'a code in words',
    { error: { code: 'rate_limit_exceeded', message: 'no' } },
    'failed 429 rate_limit_exceeded: no',
  ],
  ['overloaded', { error: { type: 'overloaded_error', message: 'no' } }, 'failed 503 null: no'],
  [
    'vLLM: the error is the event',
    { object: 'error', message: 'no', type: 'BadRequestError', code: 400 },
    'failed 400 null: no',
  ],
  [
    'MiniMax: beside an empty answer',
    { choices: null, base_resp: { status_code: 1004, status_msg: 'login fail' } },
    'failed 401 null: login fail',
  ],
  [
    'MiniMax: a code that is not known',
    { base_resp: { status_code: 9999, status_msg: 'no' } },
    'failed 500 null: no',
  ],
  [
    'OpenRouter: beside a choice with the finish reason error',
    {
      ...chunk({ content: '' }, { finish_reason: 'error' }),
      error: { code: 502, message: 'Provider disconnected' },
    },
    'failed 502 null: Provider disconnected',
  ],
  [
    'OpenRouter: in the choice',
    chunk({ content: '' }, { error: { code: 429, message: 'no' } }),
    'failed 429 null: no',
  ],
  [
    'OpenRouter: the error of the provider behind it',
    {
      error: {
        code: 400,
        message: 'Provider returned error',
        metadata: { raw: '{"error":{"message":"too odd"}}' },
      },
    },
    'failed 400 null: Provider returned error: too odd',
  ],
]

const miniMaxCodes: [code: number, told: string][] = [
  [1002, '429 null'],
  [1008, '429 null'],
  [1026, '400 null'],
  [1027, '400 null'],
  [1039, '429 null'],
  [2013, '400 null'],
  [2049, '401 null'],
]
for (const [code, told] of miniMaxCodes) {
  const refused = { base_resp: { status_code: code, status_msg: 'no' } }
  rows.push([`MiniMax: ${code}`, refused, `failed ${told}: no`])
}

for (const [what, event, line] of rows) {
  test(`§11.6 ${what}`, () => {
    assert.deepEqual(brief(chat(content('a'), event, content('b'), finish('stop'))), ['a', line])
  })
}

test('§11.6 MiniMax: the code 0 is no error', () => {
  const event = { ...chunk({ content: 'b' }), base_resp: { status_code: 0, status_msg: '' } }

  assert.deepEqual(brief(chat(event, finish('stop'))), ['b', '= stop'])
})

test('§11.6 an event of the name error is one, whatever is in it', () => {
  const deltas = commonTranslator(context).event({ message: 'no', code: 'overloaded' }, 'error')

  assert.deepEqual(brief(deltas), ['failed 503 overloaded: no'])
})

test('§11.6 an empty error beside an answer is none', () => {
  for (const error of [null, {}, '', false]) {
    assert.deepEqual(brief(chat({ ...content('a'), error }, finish('stop'))), ['a', '= stop'])
  }
})

const overflows: [server: string, message: string][] = [
  [
    'OpenAI',
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
  ],
  [
    'llama.cpp',
    'the request exceeds the available context size. try increasing the context size or enable context shift',
  ],
  [
    'LM Studio',
    'Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded with context length of only 8192 tokens',
  ],
  ['Moonshot', 'Invalid request: Your request exceeded model token limit: 262144'],
  ['Zhipu', 'Prompt exceeds max length'],
  [
    'DashScope',
    '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 98304]',
  ],
  [
    'Mistral',
    'Prompt contains 40000 tokens, too large for model with 32768 maximum context length',
  ],
  [
    'vLLM of 2026',
    "You passed 9000 input tokens and requested 1 output tokens. However, the model's context length is only 8192 tokens, resulting in a maximum input length of 8191 tokens.",
  ],
  [
    'vLLM for a model with a decoder',
    'The decoder prompt (length 9000) is longer than the maximum model length of 8192.',
  ],
  ['SGLang', "The input (5000 tokens) is longer than the model's context length (4096 tokens)."],
  [
    'TGI',
    'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 10000 `inputs` tokens and 512 `max_new_tokens`',
  ],
  [
    'TGI, without an answer',
    'Input validation error: `inputs` must have less than 4096 tokens. Given: 5000',
  ],
  [
    'LM Studio, from the start',
    'The number of tokens to keep from the initial prompt is greater than the context length.',
  ],
  ['xAI', "This model's maximum prompt length is 131072 but the request contains 537812 tokens."],
  ['Volcengine', 'Total tokens of image and text exceed max message tokens. Request id: 1'],
  ['Anthropic behind a gateway', 'prompt is too long: 210000 tokens > 200000 maximum'],
  [
    'Google behind a gateway',
    'The input token count (1200000) exceeds the maximum number of tokens allowed',
  ],
  ['Bedrock behind a gateway', 'Input is too long: too many tokens'],
]

for (const [server, message] of overflows) {
  test(`§11.6 ${server}: a conversation that is too long has the code that clients know`, () => {
    const refusal = commonRefusal(400, JSON.stringify({ error: { message, code: 400 } }))
    const inside = commonError({ message })

    assert.equal(refusal.code, 'context_length_exceeded')
    assert.equal(refusal.message, message)
    assert.deepEqual([inside.status, inside.code], [400, 'context_length_exceeded'])
  })
}

test('§11.6 a code for it stays, and counts without the wording', () => {
  const body = JSON.stringify({ error: { message: 'x', code: 'context_length_exceeded' } })
  const llama = JSON.stringify({
    error: { message: 'x', type: 'exceed_context_size_error', code: 400 },
  })

  assert.equal(commonRefusal(400, body).code, 'context_length_exceeded')
  assert.equal(commonRefusal(400, llama).code, 'context_length_exceeded')
})

test('§11.6 an error without an envelope has its code, type and place', () => {
  const message = 'Please reduce the length. Current length is 8193 while limit is 8192'
  const code = 'context_length_exceeded'
  const cerebras = { message, type: 'invalid_request_error', param: 'messages', code }
  const github = { error: { code: 'tokens_limit_reached', message: 'Max size: 8000 tokens.' } }
  const refusal = commonRefusal(400, JSON.stringify(cerebras))

  assert.deepEqual([refusal.code, refusal.message], [code, message])
  assert.deepEqual([refusal.type, refusal.param], ['invalid_request_error', 'messages'])
  assert.equal(commonRefusal(413, JSON.stringify(github)).code, code)
  assert.equal(commonRefusal(400, '{"type":"error","message":"M","code":400}').code, null)
  assert.equal(commonRefusal(400, '{"type":"error","message":"M"}').type, 'invalid_request_error')
})

test('§11.6 a limit of a minute, or of the answer, is no conversation that is too long', () => {
  const busy = 'Rate limit reached: too many tokens per minute'
  const long =
    "'max_tokens' is too large: 32000. This model's maximum context length is 16384 tokens"
  const most = 'Invalid max_tokens value, the valid range of max_tokens is [1, 8192]'

  assert.equal(commonRefusal(429, JSON.stringify({ error: { message: busy } })).code, null)
  assert.equal(commonRefusal(400, JSON.stringify({ error: { message: busy } })).code, null)
  assert.equal(commonRefusal(400, JSON.stringify({ error: { message: long } })).code, null)
  assert.equal(commonRefusal(400, JSON.stringify({ error: { message: most } })).code, null)
})

test('§11.6 a refusal keeps its status, and the words of the provider behind a gateway', () => {
  const raw = JSON.stringify({ error: { message: 'reasoning_content is missing at index 8' } })
  const error = {
    message: 'Provider returned error',
    code: 400,
    metadata: { raw, provider_name: 'Moonshot AI' },
  }
  const refusal = commonRefusal(400, JSON.stringify({ error }))

  assert.equal(refusal.status, 400)
  assert.equal(refusal.message, 'Provider returned error: reasoning_content is missing at index 8')
  assert.equal(commonRefusal(503, '<html>busy</html>').message, 'Upstream answered HTTP 503: busy')
  assert.equal(commonRefusal(401, '{"error":"no"}').message, 'no')
})
