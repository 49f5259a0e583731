/** The messages of a Messages request and their blocks, for models of other APIs. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ExactNumber, type JsonObject } from '../../../../pipelines/json/value.ts'
import { sealReasoning } from '../../../../pipelines/neutral/seal.ts'
import { ask, hello, piecesOf, refusal, turnsOf } from './ask.ts'

const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }
const call = { type: 'tool_use', id: 't1', name: 'look', input: { a: 1 } }
const mark = { type: 'ephemeral' }
const reasoning = {
  kind: 'summary',
  text: 'A plan',
  maker: 'openai-responses-v1',
  model: 'gpt-x',
  seal: { data: 'gAAA' },
} as const

suite('§16.3 messages', () => {
  test('one turn each, in order, whatever their roles, and what the assistant says in several in one', () => {
    const turns = turnsOf(
      { role: 'assistant', content: 'a' },
      { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
      { role: 'user', content: 'c' },
      { role: 'user', content: [] },
    )

    assert.deepEqual(
      turns.map(({ role, place, pieces }) => [role, place, pieces.length]),
      [
        ['assistant', 'messages[0]', 2],
        ['user', 'messages[2]', 1],
        ['user', 'messages[3]', 0],
      ],
    )
  })

  test('a `system` message is an instruction at its place', () => {
    const turns = turnsOf(...hello, { role: 'system', content: 'x' }, ...hello)

    assert.deepEqual(
      turns.map(({ role }) => role),
      ['user', 'instruction', 'user'],
    )
  })

  test('an instruction that is cleared at the next user message is left out behind it', () => {
    const cleared = { role: 'system', content: 'x', clear_at: 'next_user_message' }
    const roles = (...messages: unknown[]) => turnsOf(...messages).map(({ role }) => role)

    assert.deepEqual(roles(...hello, cleared), ['user', 'instruction'])
    assert.deepEqual(roles(...hello, cleared, ...hello), ['user', 'user'])
    assert.deepEqual(roles(...hello, { ...cleared, clear_at: 'never' }, ...hello).length, 3)
  })

  test('an instruction holds text only', () => {
    const { param, code } = refusal({ messages: [...hello, { role: 'system', content: [image] }] })

    assert.deepEqual([param, code], ['messages[1].content[0]', 'unsupported_content'])
  })
})

suite('§16.4 blocks of both roles', () => {
  test('`text`, without empty text and without the citations of earlier answers', () => {
    const block = { type: 'text', text: 'x', citations: [{ type: 'x' }], cache_control: mark }

    assert.deepEqual(piecesOf('user', [block, { type: 'text', text: '' }]), [
      { type: 'text', text: 'x', mark: { control: mark } },
    ])
    assert.deepEqual(piecesOf('user', ''), [])
  })

  test('`image` by its data or its address; one in Anthropic’s file store is refused elsewhere', () => {
    const url = { type: 'image', source: { type: 'url', url: 'https://x/y.png' } }
    const file = { type: 'image', source: { type: 'file', file_id: 'f' } }
    const [data, address, stored] = turnsOf({ role: 'user', content: [image, url, file] })[0]!
      .pieces

    assert.ok(data?.type === 'attachment' && 'inline' in data.held)
    assert.deepEqual(data.held.inline, { mediaType: 'image/png', base64: true, data: png })
    assert.ok(address?.type === 'attachment' && 'url' in address.held)
    assert.ok(stored?.type === 'foreign' && typeof stored.elsewhere === 'object')
    assert.equal(stored.elsewhere.param, 'messages[0].content[2].source.type')
    assert.deepEqual(stored.own, { api: 'anthropic', value: file })
  })

  test('`document` as a file, an address or text, with its title for a name', () => {
    const sources = [
      { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQK' },
      { type: 'url', url: 'https://x/y.pdf' },
      { type: 'text', media_type: 'text/plain', data: 'plain' },
    ]
    const content = sources.map((source) => ({ type: 'document', title: 'T', source }))
    const pieces = turnsOf({ role: 'user', content })[0]!.pieces

    for (const piece of pieces) {
      assert.ok(piece.type === 'attachment')
      assert.deepEqual([piece.kind, piece.name], ['file', 'T'])
    }
    const [, , text] = pieces
    assert.ok(text?.type === 'attachment' && 'text' in text.held && text.held.text === 'plain')
  })

  test('a document’s `context` is text in front of it', () => {
    const source = { type: 'text', media_type: 'text/plain', data: 'plain' }
    const pieces = piecesOf('user', [{ type: 'document', context: 'of 2020', source }])

    assert.deepEqual(pieces[0], { type: 'text', text: 'of 2020' })
    assert.equal(pieces.length, 2)
  })

  test('a document of texts is those texts; of texts and images it is a piece for each', () => {
    const text = { type: 'text', text: 'x' }
    const document = (...content: object[]) => ({
      type: 'document',
      title: 'T',
      source: { type: 'content', content },
    })

    assert.deepEqual(piecesOf('user', [document(text)]), [
      { type: 'search-result', written: 'document', title: 'T', texts: ['x'] },
    ])
    const types = piecesOf('user', [document(text, image)]) as { type: string }[]
    assert.deepEqual(
      types.map(({ type }) => type),
      ['text', 'text', 'attachment'],
    )
  })

  test('`search_result` with title, source and texts; `citations` are dropped', () => {
    const block = {
      type: 'search_result',
      title: 'T',
      source: 'S',
      content: [{ type: 'text', text: 'x' }],
      citations: { enabled: true },
    }
    const { lost } = ask({ messages: [{ role: 'user', content: [block] }] }).request

    assert.deepEqual(piecesOf('user', [block]), [
      { type: 'search-result', written: 'search_result', title: 'T', source: 'S', texts: ['x'] },
    ])
    assert.deepEqual(lost, ['citations'])
  })

  test('`compaction` is its readable text; without it the 400 names the remedy', () => {
    const block = { type: 'compaction', content: 'So far.' }

    assert.deepEqual(piecesOf('assistant', [block]), [{ type: 'text', text: 'So far.' }])
    const sealed = { role: 'assistant', content: [{ type: 'compaction', encrypted_content: 'x' }] }
    const { code, param, message } = refusal({ messages: [...hello, sealed] })
    assert.deepEqual([code, param], ['unsupported_content', 'messages[1].content[0]'])
    assert.match(message, /Start a new conversation/)
  })
})

suite('§16.4 blocks of the assistant', () => {
  test('`tool_use` keeps its input as the object that it is', () => {
    const pieces = piecesOf('assistant', [{ ...call, caller: { type: 'direct' } }])

    assert.deepEqual(pieces, [
      {
        type: 'call',
        kind: 'function',
        id: 't1',
        name: 'look',
        input: { a: 1 },
        inputPlace: 'messages[1].content[0].input',
      },
    ])
  })

  test('`tool_use` with what a model streamed in place of an object keeps it as a body has it', () => {
    const tooDeep = `{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`
    const inputs: [given: unknown, read: object][] = [
      [null, {}],
      ['{"a":1}', { a: 1 }],
      ['words', { value: 'words' }],
      [[1], { value: [1] }],
      [0, { value: 0 }],
      ['{"a":9007199254740993}', { a: new ExactNumber('9007199254740993') }],
      [tooDeep, { value: tooDeep }],
    ]
    for (const [input, read] of inputs) {
      const [piece] = piecesOf('assistant', [{ ...call, input }])

      assert.ok(piece && 'input' in piece)
      assert.deepEqual(piece.input, read)
    }
  })

  const faults: [what: string, block: JsonObject, place: string, code: string][] = [
    ['no id', { ...call, id: undefined }, '.id', 'missing_required_parameter'],
    ['no name', { ...call, name: undefined }, '.name', 'missing_required_parameter'],
    ['a toolset', { ...call, toolset_name: 'browser' }, '.toolset_name', 'unsupported_tool'],
  ]
  for (const [what, block, place, code] of faults) {
    test(`\`tool_use\` with ${what} is a 400`, () => {
      const fault = refusal({ messages: [...hello, { role: 'assistant', content: [block] }] })

      assert.deepEqual([fault.param, fault.code], [`messages[1].content[0]${place}`, code])
    })
  }

  test('`thinking` and `redacted_thinking` count where we sealed them', () => {
    const shown = sealReasoning(reasoning, 'e', true)
    const back = { ...reasoning, endpoint: 'e' }

    assert.deepEqual(
      piecesOf('assistant', [{ type: 'thinking', thinking: 'A plan', signature: shown }]),
      [{ type: 'reasoning', reasoning: back }],
    )
    assert.deepEqual(piecesOf('assistant', [{ type: 'redacted_thinking', data: shown }]), [
      { type: 'reasoning', reasoning: { ...back, text: '' } },
    ])
  })

  test('thinking of another provider is left out, and never becomes text', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 'EqQB' },
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'thinking', thinking: 'hm' },
      { type: 'thinking', thinking: 'hm', signature: 'd2a1.AAAA' },
      { type: 'redacted_thinking', data: 'EqQB' },
    ]

    assert.deepEqual(piecesOf('assistant', content), [])
  })

  test('calls of Anthropic’s own tools are dropped on other models', () => {
    const types = [
      'server_tool_use',
      'web_search_tool_result',
      'mcp_tool_use',
      'mcp_tool_result',
      'mcp_tool_listing',
      'container_upload',
      'fallback',
      'something_new',
    ]
    for (const type of types) {
      assert.deepEqual(piecesOf('assistant', [{ type }]), [
        { type: 'foreign', written: type, elsewhere: 'dropped' },
      ])
    }
  })
})

suite('§16.4 blocks of the user', () => {
  test('`tool_result` keeps its place, its error and its content', () => {
    const result = {
      type: 'tool_result',
      tool_use_id: 't1',
      is_error: true,
      content: [{ type: 'text', text: 'x' }, image],
    }
    const [piece, text] = turnsOf({
      role: 'user',
      content: [result, { type: 'text', text: 'and' }],
    })[0]!.pieces

    assert.ok(piece?.type === 'result' && typeof piece.content === 'object')
    assert.deepEqual([piece.id, piece.isError], ['t1', true])
    assert.deepEqual(
      piece.content.map(({ type, place }) => [type, place]),
      [
        ['text', 'messages[0].content[0].content[0]'],
        ['attachment', 'messages[0].content[0].content[1]'],
      ],
    )
    assert.equal(text?.type, 'text')
  })

  test('a result may be a string, or nothing', () => {
    const block = { type: 'tool_result', tool_use_id: 't1' }

    assert.deepEqual(piecesOf('user', [{ ...block, content: 'x' }]), [
      { type: 'result', id: 't1', content: 'x' },
    ])
    assert.deepEqual(piecesOf('user', [block]), [{ type: 'result', id: 't1', content: [] }])
  })

  test('`tool_reference` loads the tool, and says so', () => {
    const content = [{ type: 'tool_reference', tool_name: 'mcp__x' }]
    const messages = [
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content }] },
    ]

    assert.deepEqual(ask({ messages }).request.toolChanges, [{ type: 'load', name: 'mcp__x' }])
    assert.deepEqual(piecesOf('user', messages[0]!.content), [
      { type: 'result', id: 't', content: [{ type: 'text', text: 'Tool mcp__x is loaded.' }] },
    ])
  })

  test('`browser_state` is its JSON', () => {
    const state = { type: 'browser_state', tabs: [{ url: 'u' }] }
    const content = [{ ...state, cache_control: mark }]

    assert.deepEqual(piecesOf('user', [{ type: 'tool_result', tool_use_id: 't', content }]), [
      {
        type: 'result',
        id: 't',
        content: [{ type: 'text', text: JSON.stringify(state), mark: { control: mark } }],
      },
    ])
  })

  const faults: [what: string, block: JsonObject, place: string][] = [
    ['a result without an id', { type: 'tool_result', content: 'x' }, '.tool_use_id'],
    ['an unknown type', { type: 'hologram' }, ''],
    ['a call', call, ''],
    [
      'an unknown type in a result',
      {
        type: 'tool_result',
        tool_use_id: 't',
        content: [{ type: 'hologram' }],
      },
      '.content[0]',
    ],
  ]
  for (const [what, block, place] of faults) {
    test(`${what} is a 400`, () => {
      const { status, param } = refusal({ messages: [{ role: 'user', content: [block] }] })

      assert.deepEqual([status, param], [400, `messages[0].content[0]${place}`])
    })
  }
})
