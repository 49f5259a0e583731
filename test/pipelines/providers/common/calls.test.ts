/** Tool calls of chat upstreams, each in the form in which a server has been seen to send them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import { translateAll } from '../../../../pipelines/stages/translate.ts'
import { cpuMsOf } from '../../../helpers/cpu-time.ts'
import { textCutAt } from '../../stages/slices.ts'
import { only } from '../events.ts'
import { brief, call, chat, chunk, content, context, doneTranslator, finish } from './chunks.ts'

const done = finish('tool_calls')

const rows: [what: string, chunks: JsonObject[], lines: string[]][] = [
  [
    'OpenAI: id and name come once, the arguments in pieces',
    [
      call(0, 'c', 'f', ''),
      call(0, undefined, undefined, '{"a"'),
      call(0, undefined, undefined, ':1}'),
    ],
    ['#0 f (c) {"a":1} !'],
  ],
  [
    'OpenAI: two calls at once',
    [call(0, 'c', 'f', ''), call(0, undefined, undefined, '{}'), call(1, 'd', 'g', '{"b":2}')],
    ['#0 f (c) {} !', '#1 g (d) {"b":2} !'],
  ],
  ...['null', 'None', 'undefined', ' { } ', '{\n}'].map(
    (empty): [string, JsonObject[], string[]] => [
      `GLM and others: ${JSON.stringify(empty)} where there are no arguments (claude-code-proxy #81)`,
      [call(0, 'c', 'f', empty)],
      ['#0 f (c) {} !'],
    ],
  ),
  [
    'null in front of the arguments',
    [call(0, 'c', 'f', 'null'), call(0, undefined, undefined, '{"a":1}')],
    ['#0 f (c) {"a":1} !'],
  ],
  [
    'an empty object and the arguments in one piece',
    [call(0, 'c', 'f', '{} {"a"'), call(0, undefined, undefined, ':1}')],
    ['#0 f (c) {"a":1} !'],
  ],
  ...['<|im_end|>', ']', '{"a":2}', '\n\nSo', ' }'].map(
    (tail): [string, JsonObject[], string[]] => [
      `what stands behind the arguments is none of them: ${JSON.stringify(tail)} (livekit/agents #5840, ollama #17638, EchoBird #187)`,
      [call(0, 'c', 'f', `{"a":{"b":"}"}}${tail}`), call(0, undefined, undefined, tail)],
      ['#0 f (c) {"a":{"b":"}"}} !'],
    ],
  ),
  ...['[{"a":1}] -1', 'ls {a,b} /tmp'].map((text): [string, JsonObject[], string[]] => [
    `what is no object has no end that anybody knows: ${text}`,
    [call(0, 'c', 'f', text.slice(0, 9)), call(0, undefined, undefined, text.slice(9))],
    [`#0 f (c) ${text} !`],
  ]),
  [
    'pieces of two calls in turn',
    [
      call(0, 'c', 'f', '{"a"'),
      call(1, 'd', 'g', '{"b"'),
      call(0, undefined, undefined, ':1}'),
      call(1, undefined, undefined, ':2}'),
    ],
    ['#0 f (c) {"a":1} !', '#1 g (d) {"b":2} !'],
  ],
  [
    'Ollama: every call has index 0 and an id of its own (ollama #15457)',
    [call(0, 'c', 'f', '{"a":1}'), call(0, 'd', 'g', '{"b":2}'), call(0, 'e', 'f', '{}')],
    ['#0 f (c) {"a":1} !', '#1 g (d) {"b":2} !', '#2 f (e) {} !'],
  ],
  [
    'index 0 for all, and pieces for an earlier one by its id',
    [call(0, 'c', 'f', '{"a"'), call(0, 'd', 'g', '{}'), call(0, 'c', undefined, ':1}')],
    ['#0 f (c) {"a":1} !', '#1 g (d) {} !'],
  ],
  [
    'Gemini’s chat form: index 0 and no id for any call',
    [call(0, '', 'f', '{"a":1}'), call(0, '', 'g', '{"b":2}')],
    ['#0 f (call_chatcmpl-1_0) {"a":1} !', '#1 g (call_chatcmpl-1_1) {"b":2} !'],
  ],
  [
    'index 0 and no id for any call, and one of them has no arguments',
    [call(0, '', 'f', '{}'), call(0, '', 'g', '{}'), call(0, '', 'f', '{"a":1}')],
    [
      '#0 f (call_chatcmpl-1_0) {} !',
      '#1 g (call_chatcmpl-1_1) {} !',
      '#2 f (call_chatcmpl-1_2) {"a":1} !',
    ],
  ],
  [
    'an id of its own for every piece behind the first (poolside #9, mlx-openai-server #216)',
    [
      call(0, 'c', 'f', ''),
      call(0, 'd', undefined, '{"a"'),
      call(0, 'e', undefined, ':1}'),
      call(1, 'g', 'g', '{"b"'),
      call(1, 'h', 'g', ':2}'),
    ],
    ['#0 f (c) {"a":1} !', '#1 g (g) {"b":2} !'],
  ],
  [
    'an id of its own for every piece, and no index',
    [
      call(undefined, 'c', 'f', '{"a"'),
      call(undefined, 'd', undefined, ':1}'),
      call(undefined, 'e', 'f', '{"b"'),
      call(undefined, 'h', 'f', ':2}'),
    ],
    ['#0 f (c) {"a":1} !', '#1 f (e) {"b":2} !'],
  ],
  [
    'no index: a new id begins a call, a known one goes on with it',
    [
      call(undefined, 'c', 'f', '{"a"'),
      call(undefined, 'd', 'g', '{}'),
      call(undefined, 'c', undefined, ':1}'),
    ],
    ['#0 f (c) {"a":1} !', '#1 g (d) {} !'],
  ],
  [
    'no index and no id: a name begins a call, the rest goes to the latest (term-llm #314)',
    [
      call(undefined, undefined, 'f', '{"a"'),
      call(undefined, undefined, undefined, ':1}'),
      call(undefined, undefined, 'g', '{}'),
    ],
    ['#0 f (call_chatcmpl-1_0) {"a":1} !', '#1 g (call_chatcmpl-1_1) {} !'],
  ],
  [
    'Mistral and vLLM: a call in one piece without an index',
    [
      chunk({
        tool_calls: [
          { id: 'c', function: { name: 'f', arguments: '{}' } },
          { id: 'd', function: { name: 'f', arguments: '{}' } },
        ],
      }),
    ],
    ['#0 f (c) {} !', '#1 f (d) {} !'],
  ],
  [
    'LiteLLM: the id with every piece, and the call once more at the end (litellm #20480)',
    [
      call(0, 'c', 'f', '{"a"'),
      call(0, 'c', undefined, ':1}'),
      call(0, 'c', 'f', '{"a":1}'),
      call(0, 'c', 'f', '"{\\"a\\":1}"'),
    ],
    ['#0 f (c) {"a":1} !'],
  ],
  [
    'LiteLLM: the first call has index 1, or -1 (litellm #15884)',
    [call(1, 'c', 'f', '{"a"'), call(1, undefined, undefined, ':1}'), call(-1, 'd', 'g', '{}')],
    ['#0 f (c) {"a":1} !', '#1 g (d) {} !'],
  ],
  [
    'LM Studio: the name again, empty, with every piece (rig #442)',
    [call(0, 'c', 'f', ''), call(0, '', '', '{"a"'), call(0, '', '', ':1}')],
    ['#0 f (c) {"a":1} !'],
  ],
  [
    'the name again and whole, with every piece',
    [call(0, 'c', 'f', '{"a"'), call(0, undefined, 'f', ':1}'), call(0, undefined, 'f', '')],
    ['#0 f (c) {"a":1} !'],
  ],
  [
    'the id before the name, in a piece of its own (pipecat #4987)',
    [call(0, 'c', undefined, undefined), call(0, undefined, 'f', '{}')],
    ['#0 f (c) {} !'],
  ],
  [
    'the arguments before the name',
    [call(0, 'c', undefined, '{"a"'), call(0, undefined, 'f', ':1}')],
    ['#0 f (c) {"a":1} !'],
  ],
  [
    'an id that comes later is ignored',
    [call(0, undefined, 'f', '{"a"'), call(0, 'late', undefined, ':1}')],
    ['#0 f (call_chatcmpl-1_0) {"a":1} !'],
  ],
  ['arguments as an object', [call(0, 'c', 'f', { a: 1 })], ['#0 f (c) {"a":1} !']],
  [
    'arguments of null, or none',
    [call(0, 'c', 'f', null), call(1, 'd', 'g', undefined)],
    ['#0 f (c) {} !', '#1 g (d) {} !'],
  ],
  ['an empty object as arguments', [call(0, 'c', 'f', '{}')], ['#0 f (c) {} !']],
  [
    'an empty object in place of arguments that follow',
    [
      call(0, 'c', 'f', '{}'),
      call(0, undefined, undefined, '{"a"'),
      call(0, undefined, undefined, ':1}'),
    ],
    ['#0 f (c) {"a":1} !'],
  ],
  [
    'name and arguments without `function` around them',
    [chunk({ tool_calls: [{ index: 0, id: 'c', name: 'f', arguments: '{}' }] })],
    ['#0 f (c) {} !'],
  ],
  [
    'the form of 2023',
    [
      chunk({ function_call: { name: 'f', arguments: '{"a"' } }),
      chunk({ function_call: { arguments: ':1}' } }),
    ],
    ['#0 f (call_chatcmpl-1_0) {"a":1} !'],
  ],
  [
    'a numeric id',
    [chunk({ tool_calls: [{ id: 193, function: { name: 'f', arguments: '{}' } }] })],
    ['#0 f (193) {} !'],
  ],
  [
    'empty lists of calls',
    [chunk({ content: 'a', tool_calls: [] }), chunk({ tool_calls: null }), content('b')],
    ['ab'],
  ],
  ['an unnamed call without arguments is none', [content('a'), call(0, 'c', '', '')], ['a']],
  [
    'arguments that are no JSON are not repaired',
    [call(0, 'c', 'f', 'ls'), call(0, undefined, undefined, ' -l')],
    ['#0 f (c) ls -l !'],
  ],
  ['broken arguments neither', [call(0, 'c', 'f', '{"a" 1}')], ['#0 f (c) {"a" 1} !']],
  [
    'text before and between calls',
    [content('a'), call(0, 'c', 'f', '{}'), content('b'), call(1, 'd', 'g', '{}')],
    ['a', '#0 f (c) {} !', 'b', '#1 g (d) {} !'],
  ],
]

for (const [what, chunks, lines] of rows) {
  test(`§11.4 ${what}`, () => {
    const reason = lines.some((line) => line.startsWith('#')) ? '= tool-calls' : '= stop'

    assert.deepEqual(brief(chat(...chunks, done)), [...lines, reason])
  })
}

test('§11.4 arguments without a name are a fault of the upstream', () => {
  const last = brief(chat(call(0, 'c', '', '{"a":1}'), done)).at(-1)

  assert.match(last!, /^failed 502 upstream_protocol_error: .*without naming it/)
})

test('§11.4 a call that was cut has no end, and its arguments are not made whole', () => {
  const whole = call(0, 'c', 'f', '{"a":1}')

  assert.deepEqual(brief(chat(whole, call(1, 'd', 'g', '{"b'), finish('length'))), [
    '#0 f (c) {"a":1} !',
    '#1 g (d) {"b',
    '= length',
  ])
  assert.deepEqual(brief(chat(call(0, 'c', 'f', ''), finish('length'))), ['#0 f (c) ', '= length'])
  assert.deepEqual(brief(chat(call(0, 'c', '', '{"b'), finish('length'))), ['= length'])
})

test('§11.4 a call that is cut in an answer that is said to be whole is a fault of the upstream', () => {
  for (const args of ['{"a":', '{"a":"}', '"{\\"a\\":']) {
    const last = brief(chat(call(0, 'c', 'f', args), finish('tool_calls'))).at(-1)

    assert.match(last!, /^failed 502 upstream_protocol_error: .*in the middle of a tool call/)
  }
})

test('§11.4 a whole call ends as soon as another begins', () => {
  const deltas = chat(
    call(0, 'c', 'f', '{"a":1}'),
    call(1, 'd', 'g', '{'),
    call(1, undefined, undefined, '}'),
    done,
  )
  const order = deltas.filter(({ type }) => type === 'tool-start' || type === 'tool-stop')

  assert.deepEqual(
    order.map(({ type }) => type),
    ['tool-start', 'tool-stop', 'tool-start', 'tool-stop'],
  )
})

test('§11.4 an id that the conversation already has is replaced, and one twice in an answer', () => {
  const taken = { ...context, callIds: ['call_0'] }
  const given = [call(0, 'call_0', 'f', '{}'), call(1, 'call_1', 'g', '{}'), done]
  const twice = [call(0, 'c', 'f', '{}'), call(1, 'c', 'g', '{}'), done]

  assert.deepEqual(brief(translateAll(doneTranslator(taken), given)), [
    '#0 f (call_chatcmpl-1_0) {} !',
    '#1 g (call_1) {} !',
    '= tool-calls',
  ])
  const again = { ...context, callIds: ['call_0', 'call_chatcmpl-1_0'] }
  assert.equal(
    brief(translateAll(doneTranslator(again), given))[0],
    '#0 f (call_chatcmpl-1_0_1) {} !',
  )
  assert.deepEqual(brief(chat(...twice)), [
    '#0 f (c) {} !',
    '#1 g (call_chatcmpl-1_1) {} !',
    '= tool-calls',
  ])
})

test('§11.4 an object that the model wrote as a string of JSON once more is the object', () => {
  const twice = JSON.stringify('{"a":1.0,"b":"\\"}"}')
  const inputs: [pieces: string[], input: string][] = [
    [[twice], '{"a":1.0,"b":"\\"}"}'],
    [[' ', ...twice.match(/./g)!], ' {"a":1.0,"b":"\\"}"}'],
    [['"text"'], '"text"'],
    [['"{not json}"'], '"{not json}"'],
    [['"[1]"'], '"[1]"'],
  ]
  for (const [pieces, input] of inputs) {
    const [first = '', ...rest] = pieces
    const more = rest.map((piece) => call(0, undefined, undefined, piece))

    assert.deepEqual(
      brief(chat(call(0, 'c', 'f', first), ...more, done)),
      [`#0 f (c) ${input} !`, '= tool-calls'],
      pieces.join('|'),
    )
  }
  assert.deepEqual(brief(chat(call(0, 'c', 'f', '"{\\"a'), finish('length'))), [
    '#0 f (c) "{\\"a',
    '= length',
  ])
  assert.match(brief(chat(call(0, 'c', undefined, '"{}"'), done)).at(-1)!, /without naming it/)
})

test('§11.4 an object that comes as a string in many pieces is put together in one go', async () => {
  const object = JSON.stringify({ a: 'x'.repeat(60_000) })
  const [first = '', ...rest] = JSON.stringify(object)
  const more = rest.map((piece) => call(0, undefined, undefined, piece))

  const cpuMs = await cpuMsOf(() => {
    assert.equal(brief(chat(call(0, 'c', 'f', first), ...more, done))[0], `#0 f (c) ${object} !`)
  })
  assert.ok(cpuMs < 2000, `${cpuMs} ms`)
})

test('§11.4 Kimi’s ids stay as they are', () => {
  assert.deepEqual(
    brief(chat(call(0, 'functions.Bash:0', 'Bash', '{}'), done))[0],
    '#0 Bash (functions.Bash:0) {} !',
  )
})

test('§11.4 numbers in arguments given as an object keep their digits', () => {
  const deltas = chat(call(0, 'c', 'f', { a: 1 }), done)

  assert.deepEqual(
    only('tool-input', deltas).map((delta) => delta.text),
    ['{"a":1}'],
  )
})

const places = fc.array(fc.nat(40), { maxLength: 4 })
const argument = fc
  .record({ a: fc.string({ unit: 'grapheme' }) })
  .map((value) => JSON.stringify(value))

test('§11.4 however arguments are cut and whichever form the server has, each call has its own', () => {
  const form = fc.constantFrom('index', 'ids', 'zero')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(argument, places), { minLength: 1, maxLength: 4 }),
      form,
      (calls, how) => {
        const chunks = calls.flatMap(([args, cuts], at) =>
          textCutAt(args, cuts).map((piece, n) => {
            const index = how === 'ids' ? undefined : how === 'zero' ? 0 : at
            const id = how === 'index' && n > 0 ? undefined : `c${at}`
            return call(index, id, n === 0 ? `f${at}` : undefined, piece)
          }),
        )
        const deltas = chat(...chunks, done)

        assert.deepEqual(
          calls.map((_, at) => inputOf(deltas, at)),
          calls.map(([args]) => args),
        )
        assert.equal(only('tool-stop', deltas).length, calls.length)
      },
    ),
    { numRuns: 500 },
  )
})

function inputOf(deltas: Delta[], index: number): string {
  const pieces = only('tool-input', deltas).filter((delta) => delta.index === index)
  return pieces.map((delta) => delta.text).join('')
}
