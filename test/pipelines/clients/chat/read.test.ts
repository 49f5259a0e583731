/** The checks of every chat request, row by row. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { ProxyError } from '../../../../pipelines/errors.ts'
import { readChat } from '../../../../pipelines/clients/chat/read.ts'

const hello = { role: 'user', content: 'Hello' }
const good = { model: 'm', messages: [hello] }

function failure(body: unknown): ProxyError {
  try {
    readChat(body)
  } catch (error) {
    assert.ok(error instanceof ProxyError, String(error))
    return error
  }
  return assert.fail('the request passed')
}

const missing = 'missing_required_parameter'
const refused: [row: string, body: unknown, code: string, param: string | null][] = [
  ['body not an object', [], 'invalid_json', null],
  ['body not an object', null, 'invalid_json', null],
  ['body not an object', 'hi', 'invalid_json', null],
  ['model missing', { messages: [hello] }, missing, 'model'],
  ['model not a string', { ...good, model: 4 }, missing, 'model'],
  ['messages missing', { model: 'm' }, missing, 'messages'],
  ['messages null', { model: 'm', messages: null }, missing, 'messages'],
  ['messages not an array', { model: 'm', messages: 'Hello' }, 'invalid_value', 'messages'],
  ['messages empty', { model: 'm', messages: [] }, 'invalid_value', 'messages'],
  ['message without a role', chat({ content: '' }), 'invalid_value', 'messages[1].role'],
  ['message of unknown role', chat({ role: 'bot' }), 'invalid_value', 'messages[1].role'],
  ['message no object', chat('Hello'), 'invalid_value', 'messages[1].role'],
  ['content a number', chat({ ...hello, content: 1 }), 'invalid_value', 'messages[1].content'],
  ['content an object', chat({ ...hello, content: {} }), 'invalid_value', 'messages[1].content'],
  ['part a number', parts(1), 'invalid_type', 'messages[0].content[0]'],
  ['part without a type', parts({ text: 'x' }), missing, 'messages[0].content[0].type'],
  ['part type a number', parts({ type: 1 }), 'invalid_type', 'messages[0].content[0].type'],
  ['n > 1', { ...good, n: 2 }, 'unsupported_parameter', 'n'],
  [
    'modalities audio',
    sent('modalities', ['text', 'audio']),
    'unsupported_parameter',
    'modalities',
  ],
  ['modalities a string', sent('modalities', 'audio'), 'invalid_type', 'modalities'],
  ['audio set', sent('audio', { voice: 'v' }), 'unsupported_parameter', 'audio'],
  [
    'assistant message with audio',
    chat({ role: 'assistant', audio: { id: 'a' } }),
    'unsupported_parameter',
    'messages[1].audio',
  ],
  ['tool without tool_call_id', chat({ role: 'tool' }), missing, 'messages[1].tool_call_id'],
  [
    'tool_call_id a number',
    chat({ role: 'tool', tool_call_id: 1 }),
    'invalid_type',
    'messages[1].tool_call_id',
  ],
  ['limit 0', sent('max_tokens', 0), 'invalid_value', 'max_tokens'],
  ['limit < 0', sent('max_completion_tokens', -2), 'invalid_value', 'max_completion_tokens'],
  ['tools no array', sent('tools', {}), 'invalid_type', 'tools'],
  ['tool no object', sent('tools', ['t']), 'invalid_type', 'tools[0]'],
  ['tool without a name', tools({ type: 'function' }), 'invalid_value', 'tools[0].name'],
  [
    'tool without a name, nested',
    tools({ type: 'function', function: {} }),
    'invalid_value',
    'tools[0].function.name',
  ],
  [
    'tool with an empty name',
    tools({ type: 'custom', custom: { name: '' } }),
    'invalid_value',
    'tools[0].custom.name',
  ],
  ['tool, Anthropic style', tools({ input_schema: {} }), 'invalid_value', 'tools[0].name'],
  ['function without a name', sent('functions', [{}]), 'invalid_value', 'functions[0].name'],
  ['stream a string', sent('stream', 'true'), 'invalid_type', 'stream'],
  [
    'stream_options a string, streaming',
    { ...good, stream: true, stream_options: 'x' },
    'invalid_type',
    'stream_options',
  ],
  ...[
    'temperature',
    'top_p',
    'top_k',
    'n',
    'max_tokens',
    'max_completion_tokens',
    'presence_penalty',
    'frequency_penalty',
    'seed',
    'top_logprobs',
  ].map((name): [string, unknown, string, string] => [
    `${name} a string`,
    sent(name, '1'),
    'invalid_type',
    name,
  ]),
  ...['logprobs', 'parallel_tool_calls', 'store'].map((name): [string, unknown, string, string] => [
    `${name} a number`,
    sent(name, 1),
    'invalid_type',
    name,
  ]),
]

const accepted: [row: string, body: object][] = [
  ['the least', good],
  [
    'every role',
    chat(...['system', 'developer', 'assistant'].map((role) => ({ role, content: 'Hello' }))),
  ],
  ['a tool message', chat({ role: 'tool', tool_call_id: 'c', content: 'x' })],
  ['a function message', chat({ role: 'function', name: 'f', content: 'x' })],
  ['null content', chat({ role: 'assistant', content: null }, { role: 'user', content: null })],
  ['absent content', chat({ role: 'assistant' }, { role: 'user' })],
  ['bare string parts', parts('Hello', { type: 'text', text: 'x' })],
  [
    'parts of other APIs',
    parts({ type: 'tool_result', tool_use_id: 'c' }, { type: 'input_text', text: 'x' }),
  ],
  ['a nested function', tools({ type: 'function', function: { name: 'f' } })],
  ['a flat function', tools({ type: 'function', name: 'f', parameters: {} })],
  ['a tool of Anthropic style', tools({ name: 'f', input_schema: {} })],
  ['a custom tool', tools({ type: 'custom', custom: { name: 'f' } })],
  ['a tool of an upstream', tools({ type: 'web_search' })],
  ['legacy functions', sent('functions', [{ name: 'f' }])],
  ['null for every optional field', nulls()],
  ['stream_options without stream', sent('stream_options', 'x')],
  ['unknown top-level fields', sent('whatever', { deep: [1] })],
  ['n of 1', sent('n', 1)],
  ['arguments that are no JSON', chat({ role: 'assistant', tool_calls: [broken()] })],
]

function chat(...messages: unknown[]): object {
  return { model: 'm', messages: [hello, ...messages] }
}

function parts(...content: unknown[]): object {
  return { model: 'm', messages: [{ role: 'user', content }] }
}

function tools(...list: unknown[]): object {
  return { ...good, tools: list }
}

function sent(name: string, value: unknown): object {
  return { ...good, [name]: value }
}

function nulls(): object {
  const names = 'temperature n stream tools functions modalities audio max_tokens stream_options'
  return { ...good, ...Object.fromEntries(names.split(' ').map((name) => [name, null])) }
}

function broken(): object {
  return { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a' } }
}

suite('§4 a chat request is refused with a code and the place of the fault', () => {
  for (const [row, body, code, param] of refused) {
    test(`${row}: ${code} at ${param ?? 'the body'}`, () => {
      const error = failure(body)

      assert.equal(error.status, 400)
      assert.equal(error.code, code)
      assert.equal(error.param, param)
      if (param) assert.ok(error.message.includes(param.replace(/\.role$/, '')), error.message)
    })
  }
})

suite('§4 a chat request passes, and is not changed', () => {
  for (const [row, body] of accepted) {
    test(row, () => {
      const before = structuredClone(body)

      readChat(body)

      assert.deepEqual(body, before)
    })
  }
})

test('§4 a message never repeats a long value', () => {
  const { message } = failure({ ...good, temperature: 'secret '.repeat(50) })

  assert.ok(!message.includes('secret'), message)
})

test('§4 the first fault in the order of the messages is the one that is named', () => {
  assert.equal(
    failure(chat({ role: 'bot' }, { role: 'user', content: 1 })).param,
    'messages[1].role',
  )
})

test('§4 any JSON passes or is refused with a 400, and is not changed', () => {
  const keys = fc.constantFrom(
    ...'model messages tools role content type n stream audio'.split(' '),
  )
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('user', 'tool', 'function'),
      fc.jsonValue({ maxDepth: 2 }),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(keys, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(tree, (body) => {
      const before = JSON.stringify(body)
      try {
        readChat(body)
      } catch (error) {
        assert.ok(error instanceof ProxyError, String(error))
        assert.equal(error.status, 400)
      }
      assert.equal(JSON.stringify(body), before)
    }),
    { numRuns: 1000 },
  )
})
