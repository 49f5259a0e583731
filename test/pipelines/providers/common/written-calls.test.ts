/** Calls that a model writes into its text, where its server leaves them there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { commonBody } from '../../../../pipelines/providers/common/answer.ts'
import { names64, ToolNames } from '../../../../pipelines/neutral/tools.ts'
import type { FunctionTool } from '../../../../pipelines/neutral/request.ts'
import { writtenTools } from '../../../../pipelines/neutral/written-tools.ts'
import { translateAll, type TranslateContext } from '../../../../pipelines/stages/translate.ts'
import { cpuMsOf } from '../../../helpers/cpu-time.ts'
import { textCutAt } from '../../stages/slices.ts'
import { brief, call, chunk, content, context, doneTranslator, finish } from './chunks.ts'

function tool(name: string, properties: object): FunctionTool {
  const schema = { type: 'object', properties }
  return { kind: 'function', name, schema, place: 'tools', schemaPlace: 'tools', more: {} }
}

const tools = [
  tool('Read', {
    path: { type: 'string' },
    limit: { type: 'integer' },
    all: { anyOf: [{ type: 'boolean' }, { type: 'null' }] },
    mode: { enum: ['1', '2'] },
  }),
  tool('bash', { command: { type: ['string', 'null'] } }),
]
const reading: TranslateContext = {
  ...context,
  toolsInText: writtenTools({ tools }, new ToolNames(tools, names64)),
}

function streamed(pieces: readonly string[], reason = 'stop'): string[] {
  const chunks = [...pieces.map(content), finish(reason)]
  return brief(translateAll(doneTranslator(reading), chunks))
}

function whole(text: string, reason = 'stop'): string[] {
  const choice = { index: 0, message: { role: 'assistant', content: text }, finish_reason: reason }
  return brief([...commonBody({ id: 'chatcmpl-1', choices: [choice] }, reading)])
}

/** A call as `brief` shows it. */
function shown(index: number, name: string, input: string): string {
  return `#${index} ${name} (call_chatcmpl-1_${index}) ${input} !`
}

const ls = shown(0, 'bash', '{"command":"ls"}')

const calls: [what: string, text: string, lines: string[]][] = [
  [
    'Hermes and Qwen, with text in front (vllm#22975, gpustack#2660)',
    'I look.\n<tool_call>\n{"name": "bash", "arguments": {"command": "ls"}}\n</tool_call>',
    ['I look.', ls],
  ],
  [
    'two of them, and numbers keep their digits',
    '<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>\n<tool_call>\n{"name": "Read", "arguments": {"limit": 12345678901234567890}}\n</tool_call>\n',
    [ls, shown(1, 'Read', '{"limit":12345678901234567890}')],
  ],
  [
    'without a last word at the end, or in front of the next',
    '<tool_call>{"arguments": {"command": "ls"}, "name": "bash"}\n<tool_call>{"name": "Read"}',
    [ls, shown(1, 'Read', '{}')],
  ],
  [
    'lines of a file as they are within a string',
    '<tool_call>{"name": "bash", "arguments": {"command": "a\n\tb"}}</tool_call>',
    [shown(0, 'bash', String.raw`{"command":"a\n\tb"}`)],
  ],
  [
    'the arguments as a string',
    String.raw`<tool_call>{"name": "bash", "arguments": "{\"command\":\"ls\"}"}</tool_call>`,
    [ls],
  ],
  [
    'Qwen3-Coder; a value has the type that the tool takes',
    '<tool_call>\n<function=Read>\n<parameter=path>\n12\n</parameter>\n<parameter=limit>\n7\n</parameter>\n<parameter=all>\nTrue\n</parameter>\n<parameter=mode>\n1\n</parameter>\n<parameter=other>\n1\n</parameter>\n</function>\n</tool_call>',
    [shown(0, 'Read', '{"path":"12","limit":7,"all":true,"mode":"1","other":"1"}')],
  ],
  [
    'the same without its first word (ollama#16686, code-graph-rag#236)',
    'Now:\n\n<function=bash>\n<parameter=command>\nls\n</parameter>\n</function>\n</tool_call>',
    ['Now:', ls],
  ],
  [
    'the word for the end within a value',
    '<function=bash><parameter=command>\necho "</parameter>"\n\n</parameter></function>',
    [shown(0, 'bash', String.raw`{"command":"echo \"</parameter>\"\n"}`)],
  ],
  ['Llama, with JSON in a function', '<function=bash>{"command": "ls"}</function>', [ls]],
  [
    'Llama behind its tag, several',
    '<|python_tag|>{"name": "bash", "parameters": {"command": "ls"}}; {"type": "function", "name": "Read", "parameters": {}}<|eom_id|>',
    [ls, shown(1, 'Read', '{}')],
  ],
  [
    'GLM (sglang#19925), without arguments, too (vmlx-swift#228)',
    '<tool_call>bash\n<arg_key>command</arg_key>\n<arg_value>ls</arg_value>\n</tool_call><tool_call>Read</tool_call>',
    [ls, shown(1, 'Read', '{}')],
  ],
  [
    'Mistral, as a list',
    '[TOOL_CALLS][{"name": "bash", "arguments": {"command": "ls"}}, {"name": "Read", "arguments": {}}]',
    [ls, shown(1, 'Read', '{}')],
  ],
  [
    'Mistral, each by its name',
    '[TOOL_CALLS]bash[ARGS]{"command": "ls"}[TOOL_CALLS]Read[CALL_ID]abc[ARGS]{"limit": 1}',
    [ls, shown(1, 'Read', '{"limit":1}')],
  ],
  [
    'DeepSeek V3 and R1',
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>bash\n```json\n{"command": "ls"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>Read\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>',
    [ls, shown(1, 'Read', '{}')],
  ],
  [
    'DeepSeek V3.1',
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>bash<｜tool▁sep｜>{"command": "ls"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    [ls],
  ],
  [
    'Kimi, with the number of the call',
    '<|tool_calls_section_begin|><|tool_call_begin|>functions.bash:0<|tool_call_argument_begin|>{"command": "ls"}<|tool_call_end|><|tool_calls_section_end|>',
    [ls],
  ],
  [
    'MiniMax',
    '<minimax:tool_call>\n<invoke name="bash">\n<parameter name="command">ls</parameter>\n</invoke>\n</minimax:tool_call>',
    [ls],
  ],
  [
    'LM Studio (openclaw#66178)',
    '[TOOL_REQUEST]\n{"name": "bash", "arguments": {"command": "ls"}}\n[END_TOOL_REQUEST]',
    [ls],
  ],
  [
    'Granite (vllm#11039), Phi',
    '<|tool_call|>[{"name": "bash", "arguments": {"command": "ls"}}, {"name": "Read"}]<|/tool_call|>',
    [ls, shown(1, 'Read', '{}')],
  ],
  [
    'Gemma (ollama#15315)',
    '<|tool_call>call:Read{path:<|"|>a{b: "c"}<|"|>,limit:3,all:true}<tool_call|><|tool_call>call:bash{command: <|"|>ls<|"|>}<tool_call|>',
    [
      shown(0, 'Read', String.raw`{"path":"a{b: \"c\"}","limit":3,"all":true}`),
      shown(1, 'bash', '{"command":"ls"}'),
    ],
  ],
  [
    'gpt-oss (hermes-agent#84231, mlxcel#658)',
    '<|channel|>commentary to=functions.bash <|constrain|>json<|message|>{"command":"ls"}<|call|>',
    [ls],
  ],
  [
    'gpt-oss behind its reasoning',
    '<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.bash <|constrain|>json<|message|>{"command":"ls"}<|call|>',
    ['think raw: hm [inline]', ls],
  ],
  [
    'nothing but JSON (ollama#13519, openclaude#433)',
    ' {"name": "bash", "parameters": {"command": "ls"}}\n',
    [ls],
  ],
  [
    'nothing but JSON in a fence',
    '```json\n{\n  "name": "bash",\n  "arguments": {"command": "ls"}\n}\n```',
    [ls],
  ],
  [
    'nothing but a list of them, or one behind the other (ollama-ai-provider#11)',
    '{"name": "bash", "arguments": {"command": "ls"}} {"name": "Read", "arguments": {}}',
    [ls, shown(1, 'Read', '{}')],
  ],
  [
    'a name as the model has learned it',
    '<tool_call>{"name": "Bash", "arguments": {"command": "ls"}}</tool_call>',
    [ls],
  ],
  [
    'reasoning in front, and text behind',
    '<think>a <tool_call> perhaps</think>\n\n<tool_call>{"name":"bash","arguments":{"command":"ls"}}</tool_call>\n\nDone',
    ['think raw: a <tool_call> perhaps [inline]', ls, 'Done'],
  ],
]

const sizes = [1, 2, 3, 7, 50, 10_000]

function sliced(text: string, size: number): string[] {
  const pieces = []
  for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size))
  return pieces
}

for (const [what, text, lines] of calls) {
  test(`§11.3 a written call: ${what}`, () => {
    const expected = [...lines, '= tool-calls']

    assert.deepEqual(whole(text), expected)
    for (const size of sizes) assert.deepEqual(streamed(sliced(text, size)), expected, `by ${size}`)
  })
}

const fence = '```'
const texts: [what: string, text: string][] = [
  [
    'of a tool that the request has not',
    '<tool_call>\n{"name": "rm", "arguments": {}}\n</tool_call>',
  ],
  ['of a function that it has not', '<function=rm>\n<parameter=a>\n1\n</parameter>\n</function>'],
  ['of a name in the prototype', '<tool_call>{"name": "toString", "arguments": {}}</tool_call>'],
  ['a word alone', 'The tag <tool_call> begins a call, and </tool_call> ends it.'],
  ['in a line of code', 'Say `<tool_call>{"name": "bash", "arguments": {}}</tool_call>` to it.'],
  ['later in a line of code', 'Say `then <tool_call>{"name": "bash"}</tool_call>`.'],
  ['in a fence', `So:\n${fence}\n<tool_call>{"name": "bash"}</tool_call>\n${fence}\nOk.`],
  ['right behind a quote', 'It says "<tool_call>{"name": "bash"}</tool_call>".'],
  ['JSON with text behind', '{"name": "bash", "arguments": {"command": "ls"}} would list.'],
  ['JSON with text in front', 'Call {"name": "bash", "arguments": {"command": "ls"}}'],
  ['JSON of something else', '{"name": "bash", "version": "5.2", "arguments": {}}'],
  ['JSON without arguments', '{"name": "bash"}'],
  ['a list of numbers', '[1, 2]'],
  ['a fence of code', `${fence}sh\nls\n${fence}`],
  ['arguments that are no object', '<tool_call>{"name": "bash", "arguments": [1]}</tool_call>'],
  ['half a word at the end', 'a <tool_ca'],
  ['a call that is not whole', '<tool_call>{"name": "bash", "arguments": {"command": "l'],
  ['a function that is not whole', '<function=bash>\n<parameter=command>\nls\n</parameter>\n'],
  ['white space', '  \n\n a \n '],
]

for (const [what, text] of texts) {
  test(`§11.3 no call, and so text byte for byte: ${what}`, () => {
    const expected = [text, '= stop']

    assert.deepEqual(whole(text), expected)
    for (const size of sizes) assert.deepEqual(streamed(sliced(text, size)), expected, `by ${size}`)
  })
}

test('§11.3 a written call in an answer that was cut is text, even where its brackets close', () => {
  const text = '<tool_call>{"name": "bash", "arguments": {"command": "ls"}}'

  assert.deepEqual(whole(text, 'length'), [text, '= length'])
  assert.deepEqual(streamed(sliced(text, 5), 'length'), [text, '= length'])
})

test('§11.3 text passes as it comes, up to where a call may begin', () => {
  const translator = doneTranslator(reading)
  const textOf = (text: string) =>
    translator.event(content(text)).flatMap((delta) => (delta.type === 'text' ? delta.text : []))

  const passed = ['Hello ', 'you <', 'b> [T', 'OO] <tool_call>', ' is', ' a tag'].map(textOf)

  assert.deepEqual(passed, [
    ['Hello'],
    [' you'],
    [' <b>'],
    [' [TOO]'],
    [],
    [' <tool_call> is a tag'],
  ])
})

test('§11.3 calls in the field for them and in the text have numbers and ids of their own', () => {
  const text = '<tool_call>{"name":"bash","arguments":{"command":"ls"}}</tool_call>'
  const chunks = [content(text), call(0, 'x', 'Read', '{}'), finish('tool_calls')]

  const lines = brief(translateAll(doneTranslator(reading), chunks))

  assert.deepEqual(lines, [ls, '#1 Read (x) {} !', '= tool-calls'])
})

test('§11.3 a whole message behind its pieces adds what these left out', () => {
  const text = 'I look.\n<tool_call>{"name":"bash","arguments":{"command":"ls"}}</tool_call>'
  const message = { choices: [{ index: 0, message: { content: text }, finish_reason: 'stop' }] }

  const lines = brief(translateAll(doneTranslator(reading), [content(text.slice(0, 20)), message]))

  assert.deepEqual(lines, ['I look.', ls, '= tool-calls'])
})

test('§11.3 without the setting nothing is taken for a call', () => {
  const text = '<tool_call>{"name":"bash","arguments":{}}</tool_call>'

  const lines = brief(translateAll(doneTranslator(context), [content(text), finish('stop')]))

  assert.deepEqual(lines, [text, '= stop'])
})

test('a request that must call no tool has none to look for', () => {
  const names = new ToolNames(tools, names64)

  assert.equal(
    writtenTools({ tools, toolChoice: { type: 'none', place: '' } as never }, names),
    undefined,
  )
  assert.equal(writtenTools({ tools: [] }, names), undefined)
})

const fragments = calls.flatMap(([, text]) => text.split(/(?<=[\s>{}"])|(?=<|\[|\{)/))
const awkward = ['`', fence, '"', '\n', ' ', '<', '[', '{', '}', '</tool_call>', 'x']
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...fragments),
      fc.constantFrom(...awkward),
      fc.constantFrom(...calls.map(([, text]) => text)),
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''))

test('§11.3 however a text is cut, the same calls and the same text come of it', () => {
  fc.assert(
    fc.property(
      anyText,
      fc.array(fc.nat(400), { maxLength: 8 }),
      fc.constantFrom('stop', 'length'),
      (text, places, reason) => {
        const expected = whole(text, reason)

        assert.deepEqual(streamed(textCutAt(text, places), reason), expected)
        assert.deepEqual(streamed(sliced(text, 1), reason), expected)
      },
    ),
    { numRuns: 1000 },
  )
})

test('§11.3 of a text without a call nothing is lost', () => {
  const others = [tool('another', {})]
  const toolsInText = writtenTools({ tools: others }, new ToolNames(others, names64))
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(400), { maxLength: 8 }), (text, places) => {
      const chunks = [...textCutAt(text, places).map(content), finish('stop')]
      const plain = brief(translateAll(doneTranslator(context), chunks))

      const lines = brief(translateAll(doneTranslator({ ...context, toolsInText }), chunks))

      assert.deepEqual(lines, plain)
    }),
    { numRuns: 1000 },
  )
})

test('§11.3 a long call is not read again and again', async () => {
  const command = 'x</p{}"'.repeat(64 * 1024)
  const text = `<function=bash><parameter=command>\n${command}\n</parameter></function>`
  const pieces = sliced(text, 4)
  let lines: string[] = []

  // 0.4 to 0.9 s; a reader that looks at the call again with each piece takes more than 60 s
  const ms = await cpuMsOf(() => (lines = streamed(pieces)))

  assert.deepEqual(lines, [shown(0, 'bash', JSON.stringify({ command })), '= tool-calls'])
  assert.ok(ms < 8000, `${ms} ms`)
})

const hostile: [what: string, text: (length: number) => string][] = [
  ['white space without end', (length) => `x${'\n'.repeat(length)}`],
  ['white space alone', (length) => ' '.repeat(length)],
  ['white space in a call', (length) => `<tool_call>{${' '.repeat(length)}`],
  [
    'white space behind a parameter',
    (length) => `<function=bash><parameter=a>x</parameter>${' '.repeat(length)}x`,
  ],
  ['brackets', (length) => '['.repeat(length)],
  [
    'calls within calls that are none',
    (length) => `x${'[TOOL_CALLS]bash{"a":'.repeat(length / 22)}${'}'.repeat(length / 22)}`,
  ],
  [
    'calls of Gemma within calls',
    (length) => `${'<|tool_call>call:bash{'.repeat(length / 22)}<tool_call|>`,
  ],
  [
    'white space in a call of Gemma',
    (length) => `<|tool_call>call:bash{{${' '.repeat(length)}<tool_call|>`,
  ],
]

for (const [what, textOf] of hostile) {
  test(`§11.3 a text takes time as its length does: ${what}`, async () => {
    const text = textOf(256 * 1024)
    const pieces = sliced(text, 4)

    // 0.1 to 0.5 s; those that look at it again and again take more than 10 s
    const ms = await cpuMsOf(() => assert.equal(streamed(pieces)[0], text))

    assert.ok(ms < 4000, `${ms} ms`)
  })
}

test('§11.3 what is too long for a call is text', () => {
  const text = `<function=bash><parameter=command>\n${'x'.repeat(4.5 * 1024 * 1024)}\n</parameter></function>`

  assert.deepEqual(whole(text), [text, '= stop'])
  assert.deepEqual(streamed(sliced(text, 100_000)), [text, '= stop'])
})

const thought =
  '<tool_call>\n<function=bash>\n<parameter=command>\nls\n</parameter>\n</function>\n</tool_call>'

for (const [what, chunks, lines] of [
  [
    'in a field (halogen-flash-server #84)',
    [
      chunk({ reasoning_content: 'I list.\n' }),
      chunk({ reasoning_content: thought }),
      content('\n\n'),
    ],
    [`think raw: I list.\n${thought} [reasoning_content]`, ls],
  ],
  [
    'in tags without an end',
    [content('<think>I list.\n'), content(thought)],
    [`think raw: I list.\n${thought} [inline]`, ls],
  ],
] as const) {
  test(`§11.3 a call at the end of reasoning that nothing follows is one: ${what}`, () => {
    const deltas = translateAll(doneTranslator(reading), [...chunks, finish('stop')])

    assert.deepEqual(brief(deltas), [...lines, '= tool-calls'])
  })
}

for (const [what, chunks, reason] of [
  ['text follows', [chunk({ reasoning_content: thought }), content('Done.')], 'stop'],
  ['reasoning follows', [chunk({ reasoning_content: `${thought}\nNo.` })], 'stop'],
  ['the answer was cut', [chunk({ reasoning_content: thought })], 'length'],
] as const) {
  test(`§11.3 a call in reasoning is none where ${what}`, () => {
    const deltas = translateAll(doneTranslator(reading), [...chunks, finish(reason)])

    assert.ok(deltas.every(({ type }) => type !== 'tool-start'))
  })
}

test('§11.3 a chunk of reasoning does not end the waiting for a call', () => {
  const chunks = [
    chunk({ reasoning_content: 'hm' }),
    content('{"name": "bash", '),
    content('"arguments": {"command": "ls"}}'),
    finish('stop'),
  ]

  const lines = brief(translateAll(doneTranslator(reading), chunks))

  assert.deepEqual(lines, ['think raw: hm [reasoning_content]', ls, '= tool-calls'])
})
