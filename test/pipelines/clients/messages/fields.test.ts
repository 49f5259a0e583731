/** The top-level members of a Messages request, for models of other APIs. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { ProxyError } from '../../../../pipelines/errors.ts'
import { readMessages } from '../../../../pipelines/clients/messages/read.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import { ask, hello, refusal } from './ask.ts'

suite('§16.1 what a request must have', () => {
  const rows: [what: string, body: JsonObject, param: string | null][] = [
    ['no model', { model: undefined }, 'model'],
    ['a model that is a number', { model: 3 }, 'model'],
    ['no max_tokens', { max_tokens: null }, 'max_tokens'],
    ['a negative max_tokens', { max_tokens: -1 }, 'max_tokens'],
    ['half a token', { max_tokens: 1.5 }, 'max_tokens'],
    ['a limit in words', { max_tokens: 'many' }, 'max_tokens'],
    ['no messages', { messages: undefined }, 'messages'],
    ['empty messages', { messages: [] }, 'messages'],
    ['messages that are text', { messages: 'hi' }, 'messages'],
    ['an unknown role', { messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].role'],
    ['content of a number', { messages: [{ role: 'user', content: 3 }] }, 'messages[0].content'],
    ['no content', { messages: [{ role: 'user' }] }, 'messages[0].content'],
    ['a block of text', { messages: [{ role: 'user', content: ['x'] }] }, 'messages[0].content[0]'],
    [
      'a block without a type',
      { messages: [{ role: 'user', content: [{ text: 'x' }] }] },
      'messages[0].content[0].type',
    ],
    ['temperature in words', { temperature: 'hot' }, 'temperature'],
    ['stop_sequences that are text', { stop_sequences: 'x' }, 'stop_sequences'],
    ['a system prompt of images', { system: [{ type: 'image' }] }, 'system[0]'],
    [
      'an unknown format',
      { output_config: { format: { type: 'xml' } } },
      'output_config.format.type',
    ],
    ['a thread', { thread: { type: 'create' } }, 'thread'],
    ['mcp_servers', { mcp_servers: [{ name: 'x' }] }, 'mcp_servers'],
    ['compaction', { compaction: { type: 'auto' } }, 'compaction'],
    ['two tools of one name', { tools: [{ name: 'a' }, { name: 'a' }] }, 'tools[1].name'],
    ['a tool without a name', { tools: [{ input_schema: {} }] }, 'tools[0].name'],
    ['an unknown choice', { tool_choice: { type: 'some' } }, 'tool_choice.type'],
  ]
  for (const [what, body, param] of rows) {
    test(`${what} is a 400 at ${param}`, () => {
      const { status, param: at, message } = refusal(body)

      assert.deepEqual([status, at], [400, param])
      assert.match(message, /[.]$/)
    })
  }

  test('a body that is no object is a 400', () => {
    for (const body of [null, [], 'x', 3]) {
      assert.throws(() => readMessages(body, {}), { code: 'invalid_json' })
    }
  })

  test('the first fault wins', () => {
    assert.equal(refusal({ model: '', max_tokens: 'x', messages: [] }).param, 'model')
    assert.equal(refusal({ max_tokens: 'x', messages: [] }).param, 'max_tokens')
  })

  test('null means absent, unknown members mean nothing', () => {
    const nulls =
      'system stop_sequences temperature top_p top_k thinking output_config tools tool_choice'
    const body = Object.fromEntries(
      [...nulls.split(' '), 'thread', 'compaction'].map((name) => [name, null]),
    )

    assert.deepEqual(ask({ ...body, mcp_servers: [], betas: ['x'] }), ask())
  })

  test('any JSON is read or refused with a place', () => {
    const names = [
      'type',
      'text',
      'role',
      'content',
      'source',
      'tools',
      'name',
      'thinking',
      'system',
    ]
    const keys = fc.constantFrom(...names, 'data', 'media_type', 'id', 'tool_use_id', 'input')
    const types = fc.constantFrom(
      'text',
      'image',
      'document',
      'tool_use',
      'tool_result',
      'thinking',
    )
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        types,
        fc.constantFrom('user', 'assistant', 'system'),
        fc.jsonValue(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }))
    const bodies = fc.record(
      { messages: value, system: value, tools: value, thinking: value, output_config: value },
      { requiredKeys: ['messages'], noNullPrototype: true },
    )
    fc.assert(
      fc.property(bodies, (body) => {
        try {
          ask(body)
        } catch (error) {
          assert.ok(error instanceof ProxyError && error.status === 400, String(error))
          assert.ok(error.param !== null && error.message.includes(error.param), error.message)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

suite('§16.1 the members', () => {
  test('`system`, `messages`, `model`, `max_tokens` and `stream` are what they are', () => {
    const system = [
      { type: 'text', text: 'one', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: '' },
      { type: 'text', text: 'two' },
    ]
    const { request, answer } = ask({ system, stream: true })

    assert.equal(request.model, 'gpt-x')
    assert.deepEqual(request.limits, { answer: 100 })
    const thinking = { type: 'adaptive' }
    assert.deepEqual(ask({ thinking }).request.limits, { total: 100 })
    const disabled = { type: 'disabled' }
    assert.deepEqual(ask({ thinking: disabled }).request.limits, { answer: 100 })
    assert.equal(answer.stream, true)
    assert.deepEqual(request.turns, [
      {
        role: 'instruction',
        place: 'system[0]',
        pieces: [
          {
            type: 'text',
            text: 'one',
            place: 'system[0]',
            mark: { control: { type: 'ephemeral' } },
          },
        ],
      },
      {
        role: 'instruction',
        place: 'system[2]',
        pieces: [{ type: 'text', text: 'two', place: 'system[2]' }],
      },
      {
        role: 'user',
        place: 'messages[0]',
        pieces: [{ type: 'text', text: 'hello', place: 'messages[0].content' }],
      },
    ])
  })

  test('without `stream` it is no stream, whatever the configuration has', () => {
    assert.equal(ask().answer.stream, false)
  })

  test('lines of Claude Code’s own at the start of a system block are left out', () => {
    const billing = 'x-anthropic-billing-header: cc_version=2.1; cch=1f;'
    const system = [
      { type: 'text', text: billing },
      { type: 'text', text: `${billing}\n\nYou are` },
    ]
    const inside = `You are\n${billing}`

    const texts = ask({ system }).request.turns.flatMap(({ pieces }) => pieces)
    assert.deepEqual(
      texts.map((piece) => piece.type === 'text' && piece.text),
      ['You are', 'hello'],
    )
    const [turn] = ask({ system: inside }).request.turns
    assert.deepEqual(turn?.pieces, [{ type: 'text', text: inside, place: 'system' }])
  })

  test('`max_tokens` of 0 wants no answer', () => {
    assert.equal(ask({ max_tokens: 0 }).answer.isEmpty, true)
    assert.equal(ask({ max_tokens: 1 }).answer.isEmpty, false)
  })

  test('`stop_sequences` without empty and double ones', () => {
    assert.deepEqual(ask({ stop_sequences: ['a', '', 'b', 'a'] }).request.stop, ['a', 'b'])
  })

  test('`temperature`, `top_p`, `top_k` are the sampling', () => {
    const { request } = ask({ temperature: 0.5, top_p: 0.9, top_k: 4 })

    assert.deepEqual(request.sampling, { temperature: 0.5, topP: 0.9, topK: 4 })
  })

  test('`output_config.format` is a schema, strict where it can be; `output_format` is its older name', () => {
    const format = { type: 'json_schema', schema: { type: 'object' } }
    const read = { type: 'schema', schema: format.schema, name: 'answer', strict: 'if-possible' }

    const { request } = ask({ output_config: { format } })
    assert.deepEqual(request.format, { ...read, place: 'output_config.format' })
    const older = ask({ output_format: format }).request
    assert.deepEqual(older.format, { ...read, place: 'output_format' })
    assert.equal(older.names.format, 'output_format')
  })

  test('`metadata.user_id` is the user; a session in it, else the header, groups for the cache', () => {
    const user = JSON.stringify({ device_id: 'd', session_id: 's1' })
    const header = { 'x-claude-code-session-id': 's2' }
    const plain = ask({ metadata: { user_id: 'me' } }, header).request

    assert.equal(ask({ metadata: { user_id: user } }, header).request.safetyId, user)
    assert.equal(ask({ metadata: { user_id: user } }, header).request.cacheKey, 's1')
    assert.deepEqual([plain.safetyId, plain.cacheKey], ['me', 's2'])
    assert.equal(ask({ metadata: { user_id: '{"session_id":' } }).request.cacheKey, undefined)
  })

  test('`service_tier` by its meaning; `speed` fast is priority', () => {
    assert.equal(ask({ service_tier: 'auto' }).request.tier, 'auto')
    assert.equal(ask({ service_tier: 'standard_only' }).request.tier, 'default')
    assert.equal(ask({ service_tier: 'auto', speed: 'fast' }).request.tier, 'priority')
    assert.equal(ask({ speed: 'standard' }).request.tier, undefined)
  })

  test('`cache_control` is a mark on the whole', () => {
    const mark = { type: 'ephemeral' }

    assert.deepEqual(ask({ cache_control: mark }).request.mark, mark)
  })

  test('`context_management` is dropped where it would clear something', () => {
    const edits = (...list: JsonObject[]) =>
      ask({ context_management: { edits: list } }).request.lost

    assert.deepEqual(edits({ type: 'clear_thinking_20251015', keep: 'all' }), [])
    assert.deepEqual(edits({ type: 'clear_thinking_20251015' }), ['context_management'])
    assert.deepEqual(edits({ type: 'clear_tool_uses_20250919' }), ['context_management'])
  })

  test('`output_config.task_budget` is dropped', () => {
    const config = { task_budget: { type: 'tokens', total: 1 } }

    assert.deepEqual(ask({ output_config: config }).request.lost, ['output_config.task_budget'])
  })

  test('`container`, `fallbacks`, `fallback_credit_token`, `diagnostics`, `inference_geo`, `billing_policy`, `safeguards` are Anthropic’s', () => {
    const own = {
      container: 'c',
      fallbacks: [],
      fallback_credit_token: 't',
      diagnostics: {},
      inference_geo: 'eu',
      billing_policy: {},
      safeguards: [],
    }

    assert.deepEqual(ask({ ...own, betas: ['x'] }).request.own, { anthropic: own })
    assert.deepEqual(ask({ container: null }).request.own, {})
  })

  test('`thread`, `mcp_servers` and `compaction` name the remedy', () => {
    assert.match(refusal({ thread: { type: 'create' } }).message, /`thread: false`/)
    for (const body of [{ mcp_servers: [{}] }, { compaction: {} }]) {
      const { code, message } = refusal({ messages: hello, ...body })

      assert.equal(code, 'unsupported_parameter')
      assert.match(message, /models of type anthropic have/)
    }
  })
})

suite('§16.2 `thinking` and the effort', () => {
  const wish = (body: JsonObject) => {
    const {
      names: _names,
      own: _own,
      isSentAlways,
      hidden: _hidden,
      ...rest
    } = ask(body).request.reasoning
    assert.equal(isSentAlways, true)
    return rest
  }

  test('a budget is a wish by its size', () => {
    const thinking = { type: 'enabled', budget_tokens: 8000 }

    assert.deepEqual(wish({ thinking }), { budgetTokens: 8000, parameter: 'thinking' })
  })

  test('adaptive thinking leaves it to the effort, else to the model', () => {
    const thinking = { type: 'adaptive' }
    const parameter = 'output_config.effort'

    assert.deepEqual(wish({ thinking, output_config: { effort: 'high' } }), {
      effort: 'high',
      parameter,
    })
    assert.deepEqual(wish({ thinking }), { parameter: 'thinking' })
    assert.deepEqual(wish({ thinking: { type: 'between_tools' } }), { parameter: 'thinking' })
    assert.deepEqual(wish({ output_config: { effort: 'xhigh' } }), { effort: 'xhigh', parameter })
    assert.deepEqual(wish({ output_config: { effort: 'huge' } }), {})
  })

  test('disabled thinking is off, with an effort beside it, too', () => {
    const body = { thinking: { type: 'disabled' }, output_config: { effort: 'high' } }

    assert.deepEqual(wish(body), { level: 'off', parameter: 'thinking' })
  })

  test('the effort of the last instruction counts', () => {
    const messages = [
      ...hello,
      { role: 'system', content: 'x', output_config: { effort: 'low' } },
      { role: 'system', output_config: { effort: 'max' } },
      { role: 'system', content: 'y', output_config: {} },
    ]

    assert.equal(wish({ messages, output_config: { effort: 'high' } }).effort, 'max')
  })

  test('shown is what the request shows: nothing, the seal, or the text', () => {
    const shown = (thinking?: JsonObject) => ask({ thinking }).answer.reasoning

    assert.equal(shown(), 'none')
    assert.equal(shown({ type: 'disabled', display: 'summarized' }), 'none')
    assert.equal(shown({ type: 'adaptive', display: 'omitted' }), 'seal')
    assert.equal(shown({ type: 'adaptive', display: 'summarized' }), 'text')
    assert.equal(shown({ type: 'enabled', budget_tokens: 1024 }), 'text')
    assert.equal(ask({ thinking: { type: 'adaptive' } }).request.reasoning.hidden, false)
    assert.equal(ask().request.reasoning.hidden, true)
  })
})
