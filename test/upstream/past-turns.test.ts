/**
 * What an upstream refuses of earlier turns, and the client would send for ever: reasoning that another vendor or account made,
 * references to tools that are gone.
 * Source: claude-code #21726, #66204, #79970 and #82004, oh-my-pi #6379 and #41, anthropic-sdk-python #1598, codex #8159,
 * CLIProxyAPI #2381, Kimi-K2 #118, read 2026-11.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { brotliCompressSync } from 'node:zlib'
import { RefusedPast } from '../../lib/upstream/past-memory.ts'
import { pastTurns } from '../../pipelines/providers/anthropic/past.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import {
  anthropicMessage,
  startUpstream,
  type Answer,
  type RecordedRequest,
} from '../helpers/upstream.ts'

const text = { type: 'text', text: 'b' }
const tools = [{ name: 'look', input_schema: { type: 'object' } }]
const call = { type: 'tool_use', id: 't', name: 'look', input: { big: 1 } }
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'y' }] }
const loop = (...blocks: object[]) => [
  { role: 'user', content: 'a' },
  { role: 'assistant', content: [...blocks, call] },
  result,
]
const thought = { type: 'thinking', thinking: 'hm', signature: 'of-kimi' }
const redacted = { type: 'redacted_thinking', data: 'x' }
const claude = { model: 'claude-sonnet-4-5', max_tokens: 9000, tools }
const budget = { thinking: { type: 'enabled', budget_tokens: 2000 } }

const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA=' }
const asked = { type: 'message', role: 'user', content: 'Hi' }
const made = { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' }
const output = { type: 'function_call_output', id: 'o', call_id: 'c', output: 'Done.' }

const resultOf = (id: string) => ({
  role: 'user',
  content: [{ type: 'tool_result', tool_use_id: id, content: 'y' }],
})

/** `refusal`: with which words a request is refused; undefined for one that is taken. */
async function refusingProxy(
  t: TestContext,
  refusal: (request: RecordedRequest) => string | undefined,
) {
  const upstream = await startUpstream(t, (request): Answer => {
    const message = refusal(request)
    if (message !== undefined) {
      return { status: 400, body: { type: 'error', error: { type: 'x', message } } }
    }
    return { body: anthropicMessage({ text: ['Hi'] }) }
  })
  const { url } = await startProxy(t, {
    config: { ...oneUpstream(upstream.url), system_prompt: '' },
  })
  return { upstream, url }
}

/** Refuses with such words whatever holds such a text. */
function refusing(t: TestContext, held: string, message: string, status = 400) {
  return refusingWhere(t, (request) => request.body.includes(held), message, status)
}

async function refusingWhere(
  t: TestContext,
  isRefused: (request: RecordedRequest) => boolean,
  message: string,
  status = 400,
) {
  const upstream = await startUpstream(t, (request): Answer => {
    if (isRefused(request))
      return { status, body: { type: 'error', error: { type: 'x', message } } }
    return { body: anthropicMessage({ text: ['Hi'] }) }
  })
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: ['anthropic', 'openai'].map((type) => ({
        name: type,
        type,
        base_url: upstream.url,
        auth: 'none',
      })),
      models: [
        { name: 'c', id: 'claude-sonnet-4-5', type: 'anthropic' },
        { name: 'g', id: 'gpt-5.1', type: 'openai' },
      ],
    },
  })
  const send = (body: object | string, path = '/v1/messages') => post(proxy.url + path, body)
  const sent = () => upstream.requests.map((request) => request.json() as JsonObject)
  const lines = () => proxy.logs.filter(({ msg }) => msg === 'request')
  return { send, sent, lines }
}

test('translation §14: thinking that a Claude refuses is left out, and a budget that it then refuses, too', async (t) => {
  for (const message of [
    'messages.1.content.0: Invalid `signature` in `thinking` block',
    'messages.1.content.1: Invalid `data` in `redacted_thinking` block',
    'messages.1.content.0.thinking.signature: Field required',
    'messages.1.content.0.thinking: each thinking block must contain thinking',
    'messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These',
  ]) {
    const { send, sent } = await refusing(t, 'thinking"', message)
    const body = { ...claude, ...budget, messages: loop(thought, redacted) }

    assert.equal((await send(body)).status, 200, message)
    assert.deepEqual(sent(), [body, { ...claude, messages: loop() }])
  }
})

test('translation §14: what else is refused, has no reasoning, or is refused again, is told as it is', async (t) => {
  const invalid = 'messages.1.content.0: Invalid `signature` in `thinking` block'
  for (const [held, message, blocks, requests] of [
    ['hm', 'max_tokens: too many', [thought], 1],
    ['big', invalid, [], 1],
    ['big', invalid, [thought], 2],
  ] as const) {
    const { send, sent } = await refusing(t, held, message)

    const answer = await send({ ...claude, messages: loop(...blocks) })
    assert.equal(answer.status, 400)
    assert.match(await answer.text(), new RegExp(message.replaceAll('.', '\\.')))
    assert.equal(sent().length, requests)
  }
})

test('translation §14: what is nested too deeply to be written anew is refused as the upstream refuses it', async (t) => {
  const { send, sent } = await refusing(t, 'hm', 'Invalid `signature` in `thinking` block')
  const deep = `${'['.repeat(2000)}${']'.repeat(2000)}`
  const body = JSON.stringify({ ...claude, messages: loop(thought, { ...call, input: 'DEEP' }) })

  const answer = await send(body.replace('"DEEP"', deep))
  assert.equal(answer.status, 400)
  assert.match(await answer.text(), /Invalid `signature`/)
  assert.equal(sent().length, 1)
})

test('translation §14: of a packed refusal no more is unpacked than one can have', async (t) => {
  const error = { message: 'Invalid `signature` in `thinking` block' }
  for (const [fill, requests] of [
    [1000, 2],
    [2_000_000, 1],
  ] as const) {
    const body = brotliCompressSync(JSON.stringify({ error, fill: ' '.repeat(fill) }))
    const headers = { 'content-encoding': 'br', 'content-type': 'application/json' }
    const upstream = await startUpstream(t, () => ({ status: 400, headers, body }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const answer = await post(`${url}/v1/messages`, { ...claude, messages: loop(thought) })
    assert.equal(answer.status, 400)
    assert.equal(((await answer.json()) as JsonObject).fill, ' '.repeat(fill))
    assert.equal(upstream.requests.length, requests)
  }
})

test('translation §14: reasoning items that a GPT refuses are left out, with the ids of what stood behind them', async (t) => {
  for (const [message, status] of [
    ['The encrypted content gAAA...c90= could not be verified.', 400],
    ["Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.", 404],
    ["Item 'rs_1' of type 'reasoning' was provided without its required following item.", 400],
  ] as const) {
    const { send, sent, lines } = await refusing(t, 'rs_1', message, status)
    const body = (...items: object[]) => ({
      model: 'gpt-5.1',
      store: false,
      input: [asked, ...items],
    })
    const free = { ...made, type: 'custom_tool_call', call_id: 'd', input: 'x' }
    const said = { type: 'message', role: 'assistant', content: 'b' }
    const given = body(
      item,
      { ...made, id: 'fc_1' },
      output,
      { ...free, id: 'ctc_1' },
      { ...said, id: 'msg_1' },
    )

    assert.equal((await send(given, '/v1/responses')).status, 200, message)
    assert.deepEqual(sent(), [given, body(made, output, free, said)])
    await until(() => lines().length === 1)
    assert.deepEqual(
      lines().map(({ notFound }) => notFound),
      [undefined],
    )
  }
})

test('translation §14: a chat client whose thinking is refused is answered, too', async (t) => {
  const { send, sent } = await refusing(
    t,
    'of-kimi',
    'messages.1.content.0: Invalid `signature` in `thinking` block',
  )
  const details = [{ type: 'reasoning.text', text: 'hm', signature: 'of-kimi' }]
  const body = {
    model: 'claude-sonnet-4-5',
    reasoning_effort: 'low',
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b', reasoning_details: details },
      { role: 'user', content: 'c' },
    ],
  }

  assert.equal((await send(body, '/v1/chat/completions')).status, 200)
  const [first, second] = sent()
  assert.equal(sent().length, 2)
  assert.equal(JSON.stringify(first).includes('of-kimi'), true)
  assert.deepEqual(second!.thinking, first!.thinking)
  assert.equal((second!.messages as object[]).length, 3)
})

const reference = (name: string) => ({ type: 'tool_reference', tool_name: name })
const found = (...names: string[]) => [
  { role: 'user', content: 'a' },
  { role: 'assistant', content: [call] },
  { ...result, content: [{ ...result.content[0], content: names.map(reference) }] },
]
const searched = (...names: string[]) => [
  { role: 'user', content: 'a' },
  {
    role: 'assistant',
    content: [
      { type: 'server_tool_use', id: 's', name: 'tool_search_tool_regex', input: {} },
      {
        type: 'tool_search_tool_result',
        tool_use_id: 's',
        content: {
          type: 'tool_search_tool_search_result',
          tool_references: names.map(reference),
        },
      },
    ],
  },
  { role: 'user', content: 'b' },
]

test('translation §14: references to tools that are gone end no session', async (t) => {
  const message = "Tool reference 'WaitForMcpServers' not found in available tools"
  const nothing = [{ type: 'text', text: 'The tool is not there any more.' }]
  const without = found()
  without[2] = { ...result, content: [{ ...result.content[0], content: nothing as never }] }
  for (const [given, left] of [
    [found('look', 'WaitForMcpServers', 'gone'), found('look')],
    [found('WaitForMcpServers'), without],
    [searched('WaitForMcpServers', 'look'), searched('look')],
    [searched('WaitForMcpServers'), searched()],
  ] as const) {
    const { send, sent } = await refusing(t, 'WaitForMcpServers', message)

    assert.equal((await send({ ...claude, messages: given })).status, 200)
    assert.deepEqual(sent()[1], { ...claude, messages: left })
  }
})

test('translation §14: of the tools of a connected server only the one that is named is gone', async (t) => {
  const { send, sent } = await refusing(t, '"gone"', "Tool reference 'gone' not found")
  const connected = { ...claude, tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] }

  assert.equal((await send({ ...connected, messages: found('gone', 'there') })).status, 200)
  assert.deepEqual(sent()[1], { ...connected, messages: found('there') })
})

test('translation §14: an API that knows no references is told in words', async (t) => {
  const message =
    'failed to convert tool result content: unsupported content type in ContentBlockParamUnion: tool_reference'
  const { send, sent } = await refusing(t, 'tool_reference', message)

  assert.equal((await send({ ...claude, messages: found('look') })).status, 200)
  assert.match(JSON.stringify(sent()[1]), /\{"type":"text","text":"Tool look is loaded\."\}/)
})

const image = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: 'QkFE' },
}
const read = (...parts: object[]) => ({
  role: 'user',
  content: [{ ...result.content[0], content: parts }],
})
const note = { type: 'text', text: '[an image that the API of the model refused]' }
const question = { type: 'text', text: 'And?' }
const goodImage = { ...image, source: { ...image.source, data: 'R09PRA==' } }

test('translation §14: an image that an API cannot read ends no session', async (t) => {
  const before = loop().slice(0, 2)
  const later = [
    { role: 'assistant', content: 'b' },
    { role: 'user', content: [goodImage, question] },
  ]
  for (const [message, given, left] of [
    [
      'Could not process image',
      [...before, read(question, image)],
      [...before, read(question, note)],
    ],
    [
      'messages.2.content.0.tool_result.content.0.image.source.base64.data: At least one of the image dimensions exceed max',
      [{ role: 'user', content: [goodImage] }, before[1], read(image), ...later],
      [{ role: 'user', content: [goodImage] }, before[1], read(note), ...later],
    ],
    [
      'messages.0.content.0.image.source: specified using the image/png media type, but the image appears to be image/jpeg',
      [{ role: 'user', content: [image, question] }, ...later],
      [{ role: 'user', content: [note, question] }, ...later],
    ],
    ...[
      'messages.0.content.0.image.source.base64: image cannot be empty',
      'messages.0.content.0.image.source.base64: invalid base64 data',
      'messages.0.content.0.image.source.base64.data: Image format image/png not supported',
      'messages.0.content.0.image.source.base64.media_type: Field required',
    ].map(
      (refused) =>
        [
          refused,
          [{ role: 'user', content: [image, question] }, ...later],
          [{ role: 'user', content: [note, question] }, ...later],
        ] as const,
    ),
    [
      'messages[0].content: unknown variant `image`, expected one of `text`, `tool_use`',
      [{ role: 'user', content: [image] }, { role: 'assistant', content: 'b' }, loop()[0]],
      [{ role: 'user', content: [note] }, { role: 'assistant', content: 'b' }, loop()[0]],
    ],
  ] as const) {
    const { send, sent } = await refusing(t, 'QkFE', message)

    assert.equal((await send({ ...claude, messages: given })).status, 200, message)
    assert.deepEqual(sent()[1], { ...claude, messages: left })
  }
})

test('translation §14: an image that the user has just sent is refused', async (t) => {
  const { send, sent } = await refusing(t, 'QkFE', 'Could not process image')

  const answer = await send({ ...claude, messages: [{ role: 'user', content: [image, question] }] })
  assert.equal(answer.status, 400)
  assert.equal(sent().length, 1)
})

test('translation §14: a history that the client broke is put together', async (t) => {
  const blank = { type: 'text', text: ' ' }
  const lost = {
    type: 'tool_result',
    tool_use_id: 't',
    content: 'No result was provided for this tool call.',
    is_error: true,
  }
  const stray = { type: 'tool_result', tool_use_id: 'other', content: 'y' }
  const gone = { type: 'text', text: '[The result of a call that is gone]\ny' }
  const [first, called] = loop()
  const again = { role: 'user', content: 'again' }
  const answered = { role: 'assistant', content: 'b' }
  const unpaired =
    'messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t'
  for (const [message, given, left] of [
    [
      'messages: text content blocks must be non-empty',
      [
        first,
        { role: 'assistant', content: [blank, text] },
        { role: 'assistant', content: '' },
        again,
      ],
      [first, { role: 'assistant', content: [text] }, again],
    ],
    [
      'messages.1.content.0.text: cache_control cannot be set for empty text blocks',
      [first, { role: 'user', content: [blank] }],
      [first],
    ],
    [
      unpaired,
      [first, called, again],
      [first, called, { role: 'user', content: [lost, { type: 'text', text: 'again' }] }],
    ],
    [
      unpaired,
      [first, called, answered, again],
      [first, called, { role: 'user', content: [lost] }, answered, again],
    ],
    [
      unpaired,
      [first, called, { role: 'system', content: 'x' }, result, called],
      [
        first,
        called,
        { role: 'system', content: 'x' },
        result,
        called,
        { role: 'user', content: [lost] },
      ],
    ],
    [unpaired, [first, called], [first, called, { role: 'user', content: [lost] }]],
    [
      unpaired,
      [first, called, { role: 'user', content: '' }],
      [first, called, { role: 'user', content: [lost] }],
    ],
    [
      'messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t. Each',
      [first, answered, result],
      [first, answered, { role: 'user', content: [gone] }],
    ],
    [
      unpaired,
      [first, called, { role: 'user', content: [text, stray, ...result.content] }],
      [first, called, { role: 'user', content: [...result.content, text, gone] }],
    ],
  ] as const) {
    let count = 0
    const { send, sent } = await refusingWhere(t, () => ++count === 1, message)

    assert.equal((await send({ ...claude, messages: given })).status, 200, message)
    assert.deepEqual(sent()[1], { ...claude, messages: left })
  }
})

const invalid = 'messages.1.content.0: Invalid `signature` in `thinking` block'
const session = (id: string) => ({ 'x-claude-code-session-id': id })

test('translation §14: what was refused of a conversation is left out of its further turns at once, and what came behind stays', async (t) => {
  const { upstream, url } = await refusingProxy(t, ({ body }) =>
    body.includes('of-kimi') ? invalid : undefined,
  )
  const send = (messages: object[], id = 'one') =>
    post(`${url}/v1/messages`, { ...claude, ...budget, messages }, session(id))
  const sent = () => upstream.requests.map((request) => request.json() as JsonObject)
  const own = { type: 'thinking', thinking: 'so', signature: 'of-claude' }
  const more = [
    { role: 'assistant', content: [text] },
    { role: 'user', content: 'And?' },
    { role: 'assistant', content: [own, { ...call, id: 'u' }] },
    resultOf('u'),
  ]

  assert.equal((await send(loop(thought))).status, 200)
  assert.equal(upstream.requests.length, 2)
  assert.equal((await send([...loop(thought), ...more])).status, 200)
  assert.equal(upstream.requests.length, 3)
  assert.deepEqual(sent()[2], { ...claude, ...budget, messages: [...loop(), ...more] })

  // Other conversations, also of the same session, and those of another one, are as they are.
  const agent = [{ role: 'user', content: 'Look.' }, ...loop(own).slice(1)]
  assert.equal((await send(agent)).status, 200)
  assert.deepEqual(sent()[3], { ...claude, ...budget, messages: agent })
  assert.equal((await send(loop(thought), 'two')).status, 200)
  assert.equal(upstream.requests.length, 6)
})

test('translation §14: a history that its client has made shorter goes up as it is', async (t) => {
  const { upstream, url } = await refusingProxy(t, ({ body }) =>
    body.includes('of-kimi') ? invalid : undefined,
  )
  const send = (messages: object[]) => post(`${url}/v1/messages`, { ...claude, messages })
  const own = { type: 'thinking', thinking: 'so', signature: 'of-claude' }
  const asks = { role: 'user', content: 'And?' }

  await send([...loop(thought), { role: 'assistant', content: 'b' }, asks])
  assert.equal(upstream.requests.length, 2)
  assert.equal((await send(loop(own))).status, 200)
  assert.equal(upstream.requests.length, 3)
  assert.deepEqual(upstream.requests[2]?.json(), { ...claude, messages: loop(own) })
})

test('translation §14: an upstream that refuses what it has made itself meanwhile is sent none of it', async (t) => {
  const { upstream, url } = await refusingProxy(t, ({ body }) =>
    body.includes('"thinking"') ? invalid : undefined,
  )
  const messages: object[] = loop(thought)
  const sends = []

  for (const id of ['u', 'v', 'w']) {
    const before = upstream.requests.length
    const answer = await post(`${url}/v1/messages`, { ...claude, messages })
    assert.equal(answer.status, 200)
    sends.push(upstream.requests.length - before)
    const content = [
      { ...thought, signature: id },
      { ...call, id },
    ]
    messages.push({ role: 'assistant', content }, resultOf(id))
  }

  assert.deepEqual(sends, [2, 2, 1])
})

test('translation §14: two faults of a request are both left out, as often as retry.attempts allows', async (t) => {
  const { upstream, url } = await refusingProxy(t, ({ body }) => {
    if (body.includes('of-kimi')) return invalid
    if (body.includes('QkFE')) return 'messages.2.content.0: Could not process image'
    return body.includes('"text":" "') ? 'text content blocks must be non-empty' : undefined
  })
  const blank = { role: 'user', content: [{ type: 'text', text: ' ' }] }
  const send = (messages: object[]) => post(`${url}/v1/messages`, { ...claude, messages })
  const called = loop(thought).slice(0, 2)

  const two = [...called, read(image)]
  assert.equal((await send(two)).status, 200)
  assert.equal(upstream.requests.length, 3)
  assert.deepEqual(upstream.requests[2]?.json(), {
    ...claude,
    messages: [...loop().slice(0, 2), read(note)],
  })

  // One more than a request may have: the next one begins with what is known.
  const other = [{ role: 'user', content: 'other' }, ...two.slice(1), blank, ...loop().slice(0, 1)]
  assert.equal((await send(other)).status, 400)
  assert.equal(upstream.requests.length, 6)
  assert.equal((await send(other)).status, 200)
  assert.equal(upstream.requests.length, 9)
})

test('translation §14: reasoning items that were refused stay out of a conversation, and new ones stay in', async (t) => {
  const { upstream, url } = await refusingProxy(t, ({ body }) =>
    body.includes('gAAA=') ? 'The encrypted content gAAA...A= could not be verified.' : undefined,
  )
  const send = (...input: object[]) =>
    post(`${url}/v1/responses`, { model: 'gpt-5.1', store: false, input })
  const fresh = { ...item, id: 'rs_2', encrypted_content: 'gBBB=' }
  const again = { ...made, call_id: 'd' }

  await send(asked, item, made, output)
  await send(asked, item, made, output, fresh, again, { ...output, call_id: 'd' })

  assert.equal(upstream.requests.length, 3)
  assert.deepEqual((upstream.requests[2]!.json() as JsonObject).input, [
    asked,
    made,
    output,
    fresh,
    again,
    { ...output, call_id: 'd' },
  ])
})

test('contract §22.1: what is left out of a conversation is not in what explain shows, either', async (t) => {
  const { upstream, url } = await refusingProxy(t, ({ body }) =>
    body.includes('of-kimi') ? invalid : undefined,
  )
  const messages = [...loop(thought), { role: 'assistant', content: 'b' }]
  const body = { ...claude, messages: [...messages, { role: 'user', content: 'And?' }] }
  await post(`${url}/v1/messages`, { ...claude, messages: loop(thought) })

  const answer = await post(`${url}/v1/messages`, body, { 'x-droid2api-explain': '1' })
  const { explain } = (await answer.json()) as { explain: { body: string; changes: string[] } }
  await post(`${url}/v1/messages`, body)

  assert.equal(upstream.requests.length, 3)
  assert.equal(explain.body, upstream.requests[2]!.body.toString())
  assert.ok(
    explain.changes.some((change) => change.startsWith('`messages`')),
    explain.changes.join('\n'),
  )
})

test('translation §14: what one key is refused another may have, and one question in a text is not another', async (t) => {
  const { upstream, url } = await refusingProxy(t, ({ headers, body }) =>
    headers.authorization === 'Bearer of-verified' || !body.includes('"summary"')
      ? undefined
      : 'Your organization must be verified to generate reasoning summaries.',
  )
  const send = async (key: string, input: string) => {
    const before = upstream.requests.length
    const reasoning = { effort: 'low', summary: 'auto' }
    const body = { model: 'gpt-5.1', input, reasoning }
    const answer = await post(`${url}/v1/responses`, body, { authorization: `Bearer ${key}` })
    assert.equal(answer.status, 200)
    const sent = upstream.requests.slice(before).map((request) => request.json() as JsonObject)
    return sent.map((one) => (one.reasoning as JsonObject).summary)
  }

  assert.deepEqual(await send('of-other', 'Hi'), ['auto', undefined])
  assert.deepEqual(await send('of-other', 'Hi'), [undefined])
  assert.deepEqual(await send('of-verified', 'Hi'), ['auto'])
  assert.deepEqual(await send('of-other', 'Hello'), ['auto', undefined])
})

test('translation §14: a refusal is known for an hour, and of so many conversations', () => {
  let nowMs = 0
  const memory = new RefusedPast(() => nowMs)
  const url = new URL('http://claude.test/v1/messages')
  const place = { url, model: { id: 'c' }, endpoint: { headers: {} } }
  const bodyOf = (name: string) => ({
    headers: {},
    pieces: [
      Buffer.from(JSON.stringify({ messages: loop(thought, { type: 'text', text: name }) })),
    ],
  })
  const knows = (name: string) => {
    const body = bodyOf(name)
    memory.leaveOut({ headers: {} }, place, body, pastTurns)
    return !Buffer.concat(body.pieces).includes('of-kimi')
  }
  const learn = (name: string) => {
    const refused = { ...bodyOf(name), past: pastTurns, refusals: [{ text: invalid }] }
    memory.learn({ headers: {} }, place, refused)
  }

  learn('first')
  assert.ok(knows('first') && !knows('second'))
  nowMs += 3_600_001
  assert.ok(!knows('first'))
  for (let index = 0; index <= 200; index += 1) learn(`conversation ${index}`)
  assert.ok(!knows('conversation 0') && knows('conversation 1') && knows('conversation 200'))
})
