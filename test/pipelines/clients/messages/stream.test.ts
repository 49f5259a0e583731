/** Answers of models of other APIs as Messages streams and bodies. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import type { Delta, StopReason } from '../../../../pipelines/neutral/delta.ts'
import type { Reasoning } from '../../../../pipelines/neutral/reasoning.ts'
import { openSeal } from '../../../../pipelines/neutral/seal.ts'
import { messagesStream } from '../../../../pipelines/clients/messages/stream.ts'
import {
  allEvents,
  begun,
  bodyOf,
  collected,
  context,
  eventsOf,
  stopped,
  type Event,
} from './answers.ts'

const text = (piece: string): Delta => ({ type: 'text', text: piece })
const textStart: Delta = { type: 'text-start' }
const at = { content: 0, tools: 0 }
const thinks: Delta = { type: 'reasoning-start', kind: 'summary', index: 0, at }
const thought = (piece: string): Delta => ({ type: 'reasoning', text: piece })
const reasoning: Reasoning = {
  kind: 'summary',
  text: 'one\n\ntwo',
  maker: 'openai-responses-v1',
  model: 'up-x',
  seal: { data: 'gAAA' },
}
const sealed: Delta = { type: 'reasoning-stop', reasoning }
const start = (index: number, name = 'look'): Delta => ({
  type: 'tool-start',
  index,
  kind: 'function',
  id: `t${index}`,
  name,
})
const input = (index: number, piece: string): Delta => ({ type: 'tool-input', index, text: piece })
const stop = (index: number): Delta => ({ type: 'tool-stop', index })

function citedText(event: Event | undefined): string {
  const delta = event?.delta as { citation: { cited_text: string } } | undefined
  return delta?.citation.cited_text ?? 'none'
}

/** A line for each block, which a full stop ends, and for each other event. */
function shortly(events: Event[]): string[] {
  const lines: string[] = []
  for (const { type, index, content_block: block, delta } of events) {
    const { type: kind, id = '' } = (block ?? {}) as { type?: string; id?: string }
    const { text: piece, thinking, partial_json: json } = (delta ?? {}) as Record<string, string>
    if (type === 'content_block_start') lines.push(`${String(index)} ${kind} ${id}`.trim())
    else if (type === 'content_block_stop') lines.push(`${lines.pop()} .`)
    else if (type !== 'content_block_delta') lines.push(type)
    else lines.push(`${lines.pop()} +${piece ?? thinking ?? json ?? 'signature'}`)
  }
  return lines
}

const ends = ['message_delta', 'message_stop']

suite('§16.6 the head and the end', () => {
  test('`message_start` with everything there and nothing counted, then a ping', () => {
    const usage = {
      input_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 0,
    }
    assert.deepEqual(allEvents([begun]), [
      {
        type: 'message_start',
        message: {
          id: 'msg_0123abcd',
          type: 'message',
          role: 'assistant',
          model: 'gpt-x',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          stop_details: null,
          container: null,
          usage,
        },
      },
      { type: 'ping' },
    ])
  })

  test('the id is the upstream’s own without its prefix, in the characters of ids', () => {
    const idOf = (id: string | undefined) => bodyOf([{ type: 'start', id }, stopped]).id

    assert.equal(idOf('chatcmpl-a.b:c-123456'), 'msg_abc-123456')
    assert.equal(idOf('msg_01234567'), 'msg_01234567')
    assert.equal(idOf(undefined), 'msg_fallback')
    assert.equal(idOf('resp_'), 'msg_fallback')
    // Ollama's ids come again: of two messages with one id Claude Code keeps one
    assert.equal(idOf('chatcmpl-999'), 'msg_999_fallback')
  })

  const reasons: [StopReason, string][] = [
    ['stop', 'end_turn'],
    ['tool-calls', 'tool_use'],
    ['length', 'max_tokens'],
    ['stop-sequence', 'stop_sequence'],
    ['content-filter', 'refusal'],
  ]
  for (const [reason, written] of reasons) {
    test(`\`${reason}\` is ${written}`, () => {
      const end: Delta = { type: 'stop', reason, sequence: 'END', explanation: 'No.' }
      const { delta } = eventsOf([begun, end])[0] as Event & { delta: Record<string, unknown> }

      assert.equal(delta.stop_reason, written)
      assert.equal(delta.stop_sequence, reason === 'stop-sequence' ? 'END' : null)
      assert.deepEqual(
        delta.stop_details,
        reason === 'content-filter'
          ? {
              type: 'refusal',
              category: null,
              explanation: 'No.',
              fallback_credit_token: null,
              fallback_has_prefill_claim: null,
              recommended_model: null,
            }
          : null,
      )
      assert.equal(delta.container, null)
    })
  }

  test('usage is numbers, and its input is without what the cache had', () => {
    const usage: Delta = {
      type: 'usage',
      usage: {
        inputTokens: 100,
        outputTokens: 7,
        cachedTokens: 60,
        cacheWriteTokens: 10,
        reasoningTokens: 5,
        searches: 2,
      },
    }
    assert.deepEqual(eventsOf([begun, usage, stopped])[0]?.usage, {
      input_tokens: 30,
      cache_creation_input_tokens: 10,
      cache_read_input_tokens: 60,
      output_tokens: 7,
      output_tokens_details: { thinking_tokens: 5 },
      server_tool_use: { web_search_requests: 2 },
    })
    const odd: Delta = {
      type: 'usage',
      usage: { inputTokens: 1, outputTokens: 0, cachedTokens: 5 },
    }
    assert.deepEqual(eventsOf([begun, odd, stopped])[0]?.usage, {
      input_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 5,
      output_tokens: 0,
    })
  })

  test('a silent stream is kept alive by a ping', () => {
    assert.equal(messagesStream(context).keepAlive(), 'event: ping\ndata: {"type":"ping"}\n\n')
  })

  test('a stream of an answer that breaks off has no message_stop', () => {
    const failure = { type: 'failure', failure: new Error('x') } as unknown as Delta

    assert.deepEqual(shortly(eventsOf([begun, textStart, text('a'), failure])), ['0 text +a'])
    assert.throws(() => bodyOf([begun, textStart, text('a'), failure]))
  })
})

suite('§16.7 blocks', () => {
  test('a run of text is one block, another begins another', () => {
    const deltas = [
      begun,
      textStart,
      text('a'),
      text(''),
      text('b'),
      textStart,
      textStart,
      text('c'),
    ]

    assert.deepEqual(shortly(eventsOf([...deltas, stopped])), [
      '0 text +a +b .',
      '1 text +c .',
      ...ends,
    ])
  })

  test('the model’s words of refusal are text', () => {
    const refusal: Delta = { type: 'refusal', text: 'I will not.' }

    assert.deepEqual(shortly(eventsOf([begun, textStart, text('a'), refusal, stopped])), [
      '0 text +a .',
      '1 text +I will not. .',
      ...ends,
    ])
  })

  test('a call is one block with its input in pieces', () => {
    const deltas = [start(0), input(0, '{"a"'), input(0, ''), input(0, ':1}'), stop(0)]

    assert.deepEqual(shortly(eventsOf([begun, textStart, text('a'), ...deltas, stopped])), [
      '0 text +a .',
      '1 tool_use t0 +{"a" +:1} .',
      ...ends,
    ])
  })

  test('a call without input has the piece {}', () => {
    assert.deepEqual(shortly(eventsOf([begun, start(0), stop(0), stopped])).slice(0, 1), [
      '0 tool_use t0 +{} .',
    ])
  })

  test('a block that begins while a call is open waits for the end of that call', () => {
    const deltas = [
      start(0),
      input(0, '['),
      start(1),
      input(1, '{'),
      start(2),
      input(2, '1'),
      textStart,
      text('x'),
      input(1, '}'),
      stop(1),
      input(0, ']'),
      stop(0),
      text('y'),
      input(2, '2'),
      stop(2),
      text('z'),
    ]
    assert.deepEqual(shortly(eventsOf([begun, ...deltas, stopped])), [
      '0 tool_use t0 +[ +] .',
      '1 tool_use t1 +{} .',
      '2 tool_use t2 +1 +2 .',
      '3 text +x +y +z .',
      ...ends,
    ])
  })

  test('the end closes all in order; of a cut call the fragment is passed on as it is', () => {
    const cut: Delta = { type: 'stop', reason: 'length' }
    const deltas = [begun, start(0), input(0, '{"a'), start(1), textStart, text('x'), cut]

    assert.deepEqual(shortly(eventsOf(deltas)), [
      '0 tool_use t0 +{"a .',
      '1 tool_use t1 .',
      '2 text +x .',
      ...ends,
    ])
    assert.deepEqual(bodyOf(deltas).content, [
      { type: 'tool_use', id: 't0', name: 'look', input: { raw_arguments: '{"a' } },
      { type: 'tool_use', id: 't1', name: 'look', input: {} },
      { type: 'text', text: 'x' },
    ])
  })

  const inputs: [written: string, parsed: unknown][] = [
    ['{"a":12345678901234567890}', undefined],
    ['[1]', { value: [1] }],
    ['"x"', { value: 'x' }],
    ['look!', { raw_arguments: 'look!' }],
    [' ', {}],
  ]
  for (const [written, wanted] of inputs) {
    test(`the input ${written} in a body`, () => {
      const { content } = bodyOf([begun, start(0), input(0, written), stop(0), stopped])
      const [block] = content as { input: { a?: { digits: string } } }[]

      if (wanted === undefined) assert.equal(block?.input.a?.digits, '12345678901234567890')
      else assert.deepEqual(block?.input, wanted)
    })
  }

  test('a search is a call and its result, for a client that declared one', () => {
    const found = [
      { url: 'https://x', title: 'X' },
      { url: 'https://y', title: '' },
    ]
    const search: Delta = { type: 'search', id: 'ws_1', query: 'q"', sources: found }
    const deltas = [
      begun,
      textStart,
      text('a'),
      search,
      { ...search, id: 'ws_2', failed: true as const },
    ]
    const { content, usage } = bodyOf([...deltas, text('b'), stopped], { searches: true })
    const use = { type: 'server_tool_use', name: 'web_search', input: { query: 'q"' } }
    const type = 'web_search_result'
    const pages = found.map(({ url, title }) => {
      return { type, url, title: title || url, encrypted_content: '', page_age: null }
    })

    assert.deepEqual(content, [
      { type: 'text', text: 'a' },
      { ...use, id: 'srvtoolu_ws_1' },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_ws_1', content: pages },
      { ...use, id: 'srvtoolu_ws_2' },
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_ws_2',
        content: { type: 'web_search_tool_result_error', error_code: 'unavailable' },
      },
      { type: 'text', text: 'b' },
    ])
    assert.deepEqual((usage as { server_tool_use: unknown }).server_tool_use, {
      web_search_requests: 2,
    })
    assert.deepEqual(shortly(eventsOf([...deltas.slice(0, 4), stopped], { searches: true })), [
      '0 text +a .',
      '1 server_tool_use srvtoolu_ws_1 +{"query":"q\\""} .',
      '2 web_search_tool_result .',
      ...ends,
    ])
    assert.deepEqual(bodyOf([...deltas, text('b'), stopped]).content, [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
  })

  test('annotations cite the open text; a searching client gets the words', () => {
    const citation = { url: 'https://x', title: 'X', start: 2, end: 4 }
    const annotations: Delta = { type: 'annotations', citations: [citation] }
    const first = [textStart, text('😀a')]
    const second = [textStart, text('b😀'), text('c'), annotations]
    const cited = (searches: boolean) => {
      const events = eventsOf([begun, ...first, ...second, stopped], { searches })
      return events.filter(({ delta }) => (delta as Event | undefined)?.type === 'citations_delta')
    }
    const location = {
      type: 'web_search_result_location',
      url: 'https://x',
      title: 'X',
      cited_text: 'b😀',
      encrypted_index: '',
    }

    assert.deepEqual(cited(true), [
      {
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'citations_delta', citation: location },
      },
    ])
    assert.equal(citedText(cited(false)[0]), '')
    const long: Delta[] = [textStart, text('x'.repeat(400)), annotations]
    const [, , block] = eventsOf(
      [
        begun,
        ...long.slice(0, 2),
        {
          type: 'annotations',
          citations: [{ ...citation, start: 0, end: 400 }],
        },
        stopped,
      ],
      { searches: true },
    )
    assert.equal(citedText(block).length, 150)
  })

  test('annotations behind their block are left out', () => {
    const annotations: Delta = {
      type: 'annotations',
      citations: [{ url: 'u', title: 't', start: 0, end: 1 }],
    }
    assert.deepEqual(shortly(eventsOf([begun, start(0), stop(0), annotations, stopped])), [
      '0 tool_use t0 +{} .',
      ...ends,
    ])
  })
})

suite('§16.8 thinking', () => {
  const parts = [
    thinks,
    thought('one'),
    { type: 'reasoning-part' } as Delta,
    thought('two'),
    sealed,
  ]
  const deltas = [begun, ...parts, textStart, text('a'), stopped]

  function blocksOf(given: Delta[], shown: 'text' | 'seal' | 'none') {
    return bodyOf(given, { reasoning: shown }).content as Record<string, string>[]
  }

  test('shown as text: pieces, a blank line between parts, exactly one signature, our seal', () => {
    assert.deepEqual(shortly(eventsOf(deltas)), [
      '0 thinking +one +\n\ntwo +signature .',
      '1 text +a .',
      ...ends,
    ])
    const [block] = blocksOf(deltas, 'text')
    assert.equal(block?.thinking, 'one\n\ntwo')
    assert.deepEqual(openSeal(block?.signature, 'one\n\ntwo'), { ...reasoning, endpoint: 'e' })
  })

  test('omitted: a block without text, whose seal has what is handed back', () => {
    const [block] = blocksOf(deltas, 'seal')

    assert.deepEqual([block?.type, block?.thinking], ['thinking', ''])
    assert.deepEqual(openSeal(block?.signature, '')?.seal, reasoning.seal)
  })

  test('the text of a chat upstream is packed into the seal where it is omitted', () => {
    const raw: Reasoning = {
      kind: 'raw',
      text: 'hm',
      maker: 'common',
      seal: { field: 'reasoning' },
    }
    const [block] = blocksOf(
      [begun, thinks, thought('hm'), { type: 'reasoning-stop', reasoning: raw }, stopped],
      'seal',
    )

    assert.deepEqual(openSeal(block?.signature, ''), { ...raw, endpoint: 'e' })
  })

  test('the setting none leaves all thinking out', () => {
    assert.deepEqual(blocksOf(deltas, 'none'), [{ type: 'text', text: 'a' }])
  })

  test('a seal without text is redacted thinking', () => {
    const [block] = blocksOf([begun, thinks, sealed, stopped], 'text')

    assert.equal(block?.type, 'redacted_thinking')
    assert.deepEqual(openSeal(block?.data, '')?.seal, reasoning.seal)
  })

  test('any-client §7.4: a seal behind text waits for what follows, and goes with the end', () => {
    const seal = [thinks, sealed]
    const said = [textStart, text('a')]
    const call: Delta[] = [
      { type: 'tool-start', index: 0, kind: 'function', id: 'c', name: 'look' },
      { type: 'tool-stop', index: 0 },
    ]

    for (const shown of ['text', 'seal'] as const) {
      const kinds = (...given: Delta[]) =>
        blocksOf([begun, ...said, ...seal, ...given, stopped], shown).map(({ type }) => type)
      const kept = shown === 'text' ? 'redacted_thinking' : 'thinking'
      assert.deepEqual(kinds(), ['text'])
      assert.deepEqual(kinds(...said), ['text', kept, 'text'])
      assert.deepEqual(kinds(...call), ['text', kept, 'tool_use'])
    }
  })

  test('neither text to show nor anything to hand back: nothing', () => {
    const bare: Delta = { type: 'reasoning-stop', reasoning: { kind: 'thinking', text: 'x' } }

    for (const given of [
      [thinks, bare],
      [thinks, { type: 'reasoning-stop' } as Delta],
    ]) {
      assert.deepEqual(blocksOf([begun, ...given, stopped], 'text'), [])
      assert.deepEqual(blocksOf([begun, ...given, stopped], 'seal'), [])
    }
  })

  test('thinking that is interrupted, or that nobody takes back, has a signature all the same', () => {
    const unsealed: Delta = { type: 'reasoning-stop', reasoning: { kind: 'raw', text: 'one' } }

    for (const end of [{ type: 'reasoning-stop' } as Delta, unsealed]) {
      const [block] = blocksOf([begun, thinks, thought('one'), end, stopped], 'text')
      assert.match(block!.signature!, /^d2a1\./)
      assert.equal(openSeal(block?.signature, 'one')?.seal, undefined)
    }
  })
})

suite('§16.7 any answer', () => {
  /** Some blocks, and calls whose pieces are strewn among what follows them. */
  const answers = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant('text' as const),
        pieces: fc.array(fc.string(), { minLength: 1 }),
      }),
      fc.record({ kind: fc.constant('refusal' as const), pieces: fc.array(fc.string()) }),
      fc.record({ kind: fc.constant('thinking' as const), pieces: fc.array(fc.string()) }),
      fc.record({
        kind: fc.constant('call' as const),
        pieces: fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' ') })),
        delays: fc.array(fc.nat(6), { minLength: 30, maxLength: 30 }),
      }),
    ),
    { maxLength: 8 },
  )
  type Answer = typeof answers extends fc.Arbitrary<infer T> ? T : never

  function deltasOf(answer: Answer): Delta[] {
    const placed: { at: number; delta: Delta }[] = []
    let calls = 0
    let time = 0
    const now = (delta: Delta) => placed.push({ at: time, delta })
    for (const block of answer) {
      time += 1
      if (block.kind === 'text') {
        now(textStart)
        for (const piece of block.pieces) now(text(piece))
      } else if (block.kind === 'refusal') {
        for (const piece of block.pieces) now({ type: 'refusal', text: piece })
      } else if (block.kind === 'thinking') {
        now(thinks)
        for (const piece of block.pieces) now(thought(piece))
        now({ type: 'reasoning-stop', reasoning: { ...reasoning, text: block.pieces.join('') } })
      } else {
        const index = calls
        calls += 1
        now(start(index))
        const json = JSON.stringify({ value: block.pieces.join('') })
        let late = time
        for (const [place, piece] of Array.from(json).entries()) {
          late += block.delays[place % block.delays.length]! / 8
          placed.push({ at: late, delta: input(index, piece) })
        }
        placed.push({ at: late, delta: stop(index) })
      }
    }
    const sorted = placed.toSorted((one, other) => one.at - other.at)
    return [begun, ...sorted.map(({ delta }) => delta), stopped]
  }

  for (const shown of ['text', 'seal', 'none'] as const) {
    test(`one block at a time, and stream and body agree, with thinking shown as ${shown}`, () => {
      fc.assert(
        fc.property(answers, (answer) => {
          const deltas = deltasOf(answer)
          const body = bodyOf(deltas, { reasoning: shown })

          assert.deepEqual(collected(allEvents(deltas, { reasoning: shown })), body)
          const blocks = body.content as {
            type: string
            text?: string
            input?: { value: string }
          }[]
          const texts = answer.filter(({ kind }) => kind === 'text' || kind === 'refusal')
          const inputs = answer.filter(({ kind }) => kind === 'call')
          assert.equal(
            blocks.map((block) => (block.type === 'text' ? block.text : '')).join(''),
            texts.flatMap(({ pieces }) => pieces).join(''),
          )
          assert.deepEqual(
            blocks.flatMap((block) => block.input?.value ?? []),
            inputs.map(({ pieces }) => pieces.join('')),
          )
        }),
        { numRuns: 1000 },
      )
    })
  }
})
