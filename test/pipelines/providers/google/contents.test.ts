/** A conversation as Gemini takes it: §15.2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProxyError } from '../../../../pipelines/errors.ts'
import { chatCall, chatResult, contents, ask, hello, remembers, user } from './ask.ts'

const png = 'iVBORw0KGgo='
const older = { model: { id: 'gemini-2.5-pro' } }

function refusal(messages: unknown[]): ProxyError {
  try {
    contents(messages)
  } catch (error) {
    if (error instanceof ProxyError) return error
    throw error
  }
  throw new Error('it was taken')
}

test('the leading instructions are systemInstruction, the operator’s prompt first and once (§15.2)', () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
    ...hello,
  ]

  const { body } = ask({ messages }, { systemPrompt: 'You are Droid.' })
  const again = ask(
    { messages: [{ role: 'system', content: 'You are Droid. Yes.' }, ...hello] },
    { systemPrompt: 'You are Droid.\n' },
  )

  assert.deepEqual(body.systemInstruction, {
    parts: [{ text: 'You are Droid.' }, { text: 'Be brief.' }, { text: 'Be kind.' }],
  })
  assert.deepEqual(body.contents, [user('Hello.')])
  assert.deepEqual(again.body.systemInstruction, { parts: [{ text: 'You are Droid. Yes.' }] })
})

test('an instruction further down stays in its place as text of the user (§15.2)', () => {
  const made = contents([...hello, { role: 'system', content: 'He has gone.' }, ...hello])

  assert.deepEqual(made, [
    user('Hello.', '<system-reminder>\nHe has gone.\n</system-reminder>', 'Hello.'),
  ])
})

test('neighbours are one turn, the first is of the user, and only a prefill ends with the model (§15.2)', () => {
  const said = { role: 'assistant', content: 'A' }

  const prefilled = contents([said, { role: 'assistant', content: 'B' }])
  const emptied = contents([said, { role: 'user', content: '' }])
  const onlySystem = contents([{ role: 'system', content: 'Go.' }])

  assert.deepEqual(prefilled, [user('.'), { role: 'model', parts: [{ text: 'A' }, { text: 'B' }] }])
  assert.deepEqual(emptied, [user('.'), { role: 'model', parts: [{ text: 'A' }] }, user('.')])
  assert.deepEqual(onlySystem, [user('.')])
})

test('a chat with nothing in it is refused (§15.2)', () => {
  const { code, param } = refusal([{ role: 'user', content: '' }])

  assert.deepEqual([code, param], ['invalid_value', 'messages'])
})

test('images, audio and files go inline or by their address, text files as text (§15.2)', () => {
  const made = contents([
    {
      role: 'user',
      content: [
        { type: 'text', text: '' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
        { type: 'image_url', image_url: { url: 'https://x.test/a/b.jpg?c=d.e' } },
        { type: 'image_url', image_url: { url: 'https://x.test/plain' } },
        { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=' } },
        { type: 'file', file: { file_data: 'data:text/plain,some%20text' } },
        { type: 'file', file: { filename: 'a.csv', file_data: 'data:text/csv,a' } },
        { type: 'document', title: 'b.txt', source: { type: 'text', data: 'b' } },
        { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
        { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } },
        { type: 'search_result', title: 'T', source: 'S', content: [{ text: 'found' }] },
      ],
    },
  ])

  assert.deepEqual(made[0]?.parts, [
    { inlineData: { mimeType: 'image/png', data: png } },
    { fileData: { fileUri: 'https://x.test/a/b.jpg?c=d.e', mimeType: 'image/jpeg' } },
    { fileData: { fileUri: 'https://x.test/plain' } },
    { inlineData: { mimeType: 'application/pdf', data: 'JVBERi0=' } },
    { text: 'some text' },
    { text: 'a.csv\na' },
    { text: 'b.txt\nb' },
    { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
    { inlineData: { mimeType: 'audio/mp3', data: 'SUQz' } },
    { text: 'T\nS\nfound' },
  ])
})

test('a file that lies with another provider, and a part that nobody knows, are refused at their place (§15.2)', () => {
  const byId = refusal([{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }])
  const unknown = refusal([{ role: 'user', content: [{ type: 'hologram' }] }])

  assert.equal(byId.code, 'unsupported_content')
  assert.match(byId.param ?? '', /^messages\[0\]\.content\[0\]\.file/)
  assert.deepEqual([unknown.code, unknown.param], ['unsupported_content', 'messages[0].content[0]'])
})

test('a call is a functionCall with an object, whatever its arguments are (§15.2)', () => {
  const args = ['{"a":1.5}', '', 'null', '[1]', '{"cut', '"text"']
  const made = contents([
    ...hello,
    { role: 'assistant', tool_calls: args.map((one, at) => chatCall(`c${at}`, one)) },
  ])

  const given = made[1]?.parts.map((part) => 'functionCall' in part && part.functionCall)
  assert.deepEqual(JSON.parse(JSON.stringify(given)), [
    { name: 'look', args: { a: 1.5 } },
    { name: 'look', args: {} },
    { name: 'look', args: {} },
    { name: 'look', args: { value: [1] } },
    { name: 'look', args: { raw_arguments: '{"cut' } },
    { name: 'look', args: { value: 'text' } },
  ])
})

test('all results of a turn stand in one turn, in the order of the calls, before other parts (§15.2)', () => {
  const made = contents(
    [
      ...hello,
      {
        role: 'assistant',
        content: 'Two.',
        tool_calls: [chatCall('a'), chatCall('b', '{}', 'see')],
      },
      { role: 'user', content: 'Hurry.' },
      chatResult('b', '{"n":1.0}'),
      chatResult('a', [
        { type: 'text', text: 'x' },
        { type: 'text', text: 'y' },
      ]),
    ],
    older,
  )

  assert.deepEqual(JSON.parse(JSON.stringify(made.slice(1))), [
    {
      role: 'model',
      parts: [
        { text: 'Two.' },
        { functionCall: { name: 'look', args: {} } },
        { functionCall: { name: 'see', args: {} } },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { name: 'look', response: { output: 'x\ny' } } },
        { functionResponse: { name: 'see', response: { n: 1 } } },
        { text: 'Hurry.' },
      ],
    },
  ])
})

test('a failed result is an error, a missing one too; one without a call becomes text (§15.2)', () => {
  const made = contents(
    [
      ...hello,
      { role: 'assistant', tool_calls: [chatCall('a'), chatCall('b')] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'a', is_error: true, content: 'no' }],
      },
      chatResult('z', 'stray'),
      { role: 'assistant', tool_calls: [chatCall('c')] },
    ],
    older,
  )

  const missing = { error: 'No result was provided for this tool call.' }
  assert.deepEqual(made[2], {
    role: 'user',
    parts: [
      { functionResponse: { name: 'look', response: { error: 'no' } } },
      { functionResponse: { name: 'look', response: missing } },
      { text: 'Tool result (z):\nstray' },
    ],
  })
  assert.deepEqual(made[4], {
    role: 'user',
    parts: [{ functionResponse: { name: 'look', response: missing } }],
  })
})

test('of two results for one call the last counts; an id used twice finds both calls (§15.2)', () => {
  const twice = [chatCall('a', '{"n":1}'), chatCall('a', '{"n":2}')]
  const made = contents(
    [
      ...hello,
      { role: 'assistant', tool_calls: twice },
      ...['one', 'two', 'three'].map((text) => chatResult('a', text)),
    ],
    older,
  )

  assert.deepEqual(
    made[2]?.parts.map((part) => 'functionResponse' in part && part.functionResponse.response),
    [{ output: 'one' }, { output: 'three' }],
  )
})

test('images of a result go within it from Gemini 3 on, behind all results before (§15.2)', () => {
  const messages = [
    ...hello,
    { role: 'assistant', tool_calls: [chatCall('a'), chatCall('b')] },
    chatResult('a', [
      { type: 'text', text: 'see' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    ]),
    chatResult('b', 'x'),
  ]
  const image = { inlineData: { mimeType: 'image/png', data: png } }

  assert.deepEqual(contents(messages)[2]?.parts, [
    { functionResponse: { name: 'look', response: { output: 'see' }, parts: [image] } },
    { functionResponse: { name: 'look', response: { output: 'x' } } },
  ])
  assert.deepEqual(contents(messages, older)[2]?.parts, [
    { functionResponse: { name: 'look', response: { output: 'see' } } },
    { functionResponse: { name: 'look', response: { output: 'x' } } },
    image,
  ])
})

const signed = {
  type: 'reasoning.encrypted',
  format: 'google-gemini-v1',
  model: 'gemini-3-pro',
}

test('a signature goes back to its call, by either of chat’s forms, and with it the model’s own id (§15.2)', () => {
  const extra = { extra_content: { google: { thought_signature: 'c2ln' } } }
  const detail = { ...signed, data: 'c2ln', id: 'fc-1' }
  const forms = [
    { reasoning_details: [detail], tool_calls: [chatCall('fc-1')] },
    { tool_calls: [{ ...chatCall('fc-1'), ...extra }] },
    { reasoning_details: [detail], tool_calls: [{ ...chatCall('fc-1'), ...extra }] },
  ]

  for (const form of forms) {
    const made = contents([...hello, { role: 'assistant', ...form }, chatResult('fc-1', 'x')])

    assert.deepEqual(made.slice(1), [
      {
        role: 'model',
        parts: [
          {
            functionCall: { name: 'look', args: {}, id: 'fc-1' },
            thoughtSignature: 'c2ln',
          },
        ],
      },
      {
        role: 'user',
        parts: [{ functionResponse: { name: 'look', response: { output: 'x' }, id: 'fc-1' } }],
      },
    ])
  }
})

test('an id that was given to the call here does not go up (§15.2)', () => {
  const detail = { ...signed, data: 'c2ln', id: 'call_x_0' }
  const message = {
    role: 'assistant',
    reasoning_details: [detail],
    tool_calls: [chatCall('call_x_0')],
  }

  assert.deepEqual(contents([...hello, message])[1]?.parts, [
    { functionCall: { name: 'look', args: {} }, thoughtSignature: 'c2ln' },
  ])
})

test('a signature without a call belongs to the text before it, else to an empty one (§15.2)', () => {
  const placed = (at: object) => ({ ...signed, data: 'c2ln', at })
  const turn = (details: unknown[]) => [
    ...hello,
    { role: 'assistant', content: 'One. Two.', reasoning_details: details },
    ...hello,
  ]

  assert.deepEqual(contents(turn([placed({ content: 9, tools: 0 })]))[1]?.parts, [
    { text: 'One. Two.', thoughtSignature: 'c2ln' },
  ])
  assert.deepEqual(contents(turn([placed({ content: 4, tools: 0 })]))[1]?.parts, [
    { text: 'One.', thoughtSignature: 'c2ln' },
    { text: ' Two.' },
  ])
  assert.deepEqual(contents(turn([placed({ content: 0, tools: 0 })]))[1]?.parts, [
    { text: '', thoughtSignature: 'c2ln' },
    { text: 'One. Two.' },
  ])
})

test('reasoning of other models goes nowhere, and thought text never does (§15.2)', () => {
  const details = [
    { ...signed, data: 'old', id: 'a', model: 'gemini-2.5-pro' },
    { type: 'reasoning.text', text: 'hm', signature: 'c', format: 'anthropic-claude-v1' },
    { type: 'reasoning.encrypted', data: 'gAAA', format: 'openai-responses-v1' },
    { type: 'reasoning.encrypted', data: 'd2a1.x', format: 'google-gemini-v1', id: 'a' },
  ]
  const call = { ...chatCall('a'), extra_content: { google: { thought_signature: 'old' } } }
  const ours = { ...chatCall('b'), extra_content: { google: { thought_signature: 'd2a1.y' } } }
  const message = {
    role: 'assistant',
    content: 'Hi.',
    reasoning_content: 'a thought',
    reasoning_details: details,
    tool_calls: [call, ours],
  }

  const made = contents([...hello, message, ...hello])[1]

  const thoughtSignature = 'skip_thought_signature_validator'
  assert.deepEqual(made?.parts, [
    { text: 'Hi.' },
    { functionCall: { name: 'look', args: {} }, thoughtSignature },
    { functionCall: { name: 'look', args: {} } },
  ])
})

test('from Gemini 3 on a step of the current turn that has lost its signature gets a stand-in (§15.2)', () => {
  const step = (id: string) => [
    { role: 'assistant', tool_calls: [chatCall(id), chatCall(`${id}2`)] },
    chatResult(id, 'x'),
    chatResult(`${id}2`, 'x'),
  ]
  const said = { role: 'assistant', content: 'Done.' }
  const messages = [...hello, ...step('a'), said, ...hello, ...step('b'), ...step('c')]
  const askedBeside = [...messages, ...hello]

  const signatures = (asked = {}, given: object[] = messages) =>
    contents(given, asked)
      .filter(({ role }) => role === 'model')
      .map(({ parts }) =>
        parts.map((part) => ('functionCall' in part ? part.thoughtSignature : '')),
      )

  const standIn = 'skip_thought_signature_validator'
  const wanted = [[undefined, undefined], [''], [standIn, undefined], [standIn, undefined]]
  assert.deepEqual(signatures(), wanted)
  // words beside results may belong to the turn
  assert.deepEqual(signatures({}, askedBeside), wanted)
  const none = [undefined, undefined]
  assert.deepEqual(signatures(older), [none, [''], none, none])
})

test('a client that drops signatures gets them from the memory (§15.2)', () => {
  const recall = (key: string) =>
    key === 'fc-1'
      ? remembers([{ ...signed, data: 'c2ln', id: 'fc-1', at: { content: 3, tools: 0 } }])
      : undefined
  const message = { role: 'assistant', content: 'Hi.', tool_calls: [chatCall('fc-1')] }

  assert.deepEqual(contents([...hello, message], { recall })[1]?.parts, [
    { text: 'Hi.' },
    { functionCall: { name: 'look', args: {}, id: 'fc-1' }, thoughtSignature: 'c2ln' },
  ])
})
