/** The tools of a Messages request, for models of other APIs. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import { withLoadedTools } from '../../../../pipelines/neutral/tools.ts'
import type { Tool } from '../../../../pipelines/neutral/request.ts'
import { writeResponses } from '../../../../pipelines/providers/openai/write.ts'
import { modelEntry } from '../../providers/openai/request/ask.ts'
import { ask, hello } from './ask.ts'

const look = { name: 'look', description: 'Looks.', input_schema: { type: 'object' } }
const search = { type: 'web_search_20250305', name: 'web_search' }

function toolsOf(...tools: JsonObject[]): Tool[] {
  return ask({ tools }).request.tools
}

/** The body and the dropped names on a model of the type openai. */
function written(body: JsonObject) {
  const request = withLoadedTools(ask(body).request)
  return writeResponses(request, {
    model: modelEntry(),
    endpoint: 'test',
    systemPrompt: '',
    headers: {},
    stream: false,
  })
}

function namesUp(body: JsonObject): unknown[] {
  return (written(body).body.tools ?? []).map((tool) => ('name' in tool ? tool.name : tool.type))
}

suite('§16.5 functions', () => {
  test('a tool without `type`, or with `custom`, is a function', () => {
    for (const tool of [look, { ...look, type: 'custom' }]) {
      assert.deepEqual(toolsOf(tool), [
        {
          kind: 'function',
          place: 'tools[0]',
          name: 'look',
          description: 'Looks.',
          schema: look.input_schema,
          schemaPlace: 'tools[0].input_schema',
          more: {},
          own: { api: 'anthropic', value: tool },
        },
      ])
    }
  })

  test('`strict` goes up where the schema keeps the rules of strict ones, and is left out in silence', () => {
    const closed = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    }
    const strictOf = (schema: JsonObject) => {
      const { body, dropped } = written({
        tools: [{ ...look, strict: true, input_schema: schema }],
      })
      assert.deepEqual(dropped, [])
      return (body.tools as { strict: unknown }[])[0]?.strict
    }

    assert.equal(strictOf(closed), true)
    assert.equal(strictOf({ ...closed, required: [] }), false)
    assert.equal(strictOf({ ...closed, additionalProperties: true }), false)
    const inner = { ...closed, properties: { a: { type: 'array', items: { type: 'object' } } } }
    assert.equal(strictOf(inner), false)
    // each is refused of a strict schema, though the objects keep to the rules
    for (const property of [
      {},
      { type: 'string', format: 'uri' },
      { type: 'string', minLength: 1 },
      { type: 'string', default: 'x' },
      { allOf: [{ $ref: '#/$defs/x' }] },
      { oneOf: [closed, closed] },
      { type: 'array', items: { type: 'string' }, uniqueItems: true },
      { anyOf: [{ type: 'null' }, {}] },
      true,
    ]) {
      const loose = strictOf({ ...closed, properties: { a: property } })
      assert.equal(loose, false, JSON.stringify(property))
    }
    const taken = {
      type: 'array',
      items: { anyOf: [{ type: ['string', 'null'], format: 'date' }, { $ref: '#/$defs/x' }] },
      minItems: 1,
    }
    assert.equal(strictOf({ ...closed, properties: { a: taken }, $defs: { x: closed } }), true)
    // a property may have the name of a keyword
    for (const name of ['enum', 'oneOf', 'default']) {
      const named = { ...closed, properties: { [name]: closed }, required: [name] }
      assert.equal(strictOf(named), true, name)
    }
  })

  test('members without counterpart are left out in silence', () => {
    const tool = {
      ...look,
      input_examples: [{}],
      eager_input_streaming: true,
      allowed_callers: ['x'],
    }

    assert.deepEqual(written({ tools: [tool] }).dropped, [])
  })
})

suite('§16.5 deferred tools', () => {
  const deferred = { ...look, name: 'mcp__a', defer_loading: true }
  const loaded = {
    role: 'user',
    content: [
      {
        type: 'tool_result',
        tool_use_id: 't',
        content: [{ type: 'tool_reference', tool_name: 'mcp__a' }],
      },
    ],
  }
  const change = (type: string, tool: JsonObject) => ({ role: 'system', content: [{ type, tool }] })

  test('one goes up only once something loads it', () => {
    const tools = [look, deferred]

    assert.deepEqual(namesUp({ tools }), ['look'])
    assert.deepEqual(namesUp({ tools, messages: [...hello, loaded] }), ['look', 'mcp__a'])
  })

  test('`tool_addition` and `tool_removal` change the tools', () => {
    const tools = [look, deferred]
    const reference = { type: 'tool_reference', name: 'mcp__a' }
    const added = change('tool_addition', reference)
    const removed = change('tool_removal', { type: 'tool_reference', name: 'look' })

    assert.deepEqual(namesUp({ tools, messages: [...hello, added] }), ['look', 'mcp__a'])
    assert.deepEqual(namesUp({ tools, messages: [...hello, added, removed] }), ['mcp__a'])
  })

  test('a `tool_definition` adds a tool of its own', () => {
    const definition = { ...look, name: 'new', defer_loading: true }
    const added = change('tool_addition', { type: 'tool_definition', definition })

    assert.deepEqual(namesUp({ tools: [look], messages: [...hello, added] }), ['look', 'new'])
  })

  test('all tools go up that Anthropic would search for, and the search does not', () => {
    const finder = { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' }

    assert.deepEqual(namesUp({ tools: [finder, deferred] }), ['mcp__a'])
  })
})

suite('§16.5 tools of a provider', () => {
  test('a search of the web becomes the model’s own, with domains and size, and shows its sources', () => {
    const tool = {
      ...search,
      max_uses: 3,
      allowed_domains: ['a.org'],
      blocked_domains: ['b.org'],
      user_location: { type: 'approximate', city: 'Bern' },
    }
    const { body, dropped } = written({
      tools: [tool],
      tool_choice: { type: 'tool', name: 'web_search' },
    })

    assert.deepEqual(body.tools, [
      {
        type: 'web_search',
        search_context_size: 'medium',
        user_location: { type: 'approximate', city: 'Bern' },
        filters: { allowed_domains: ['a.org'], blocked_domains: ['b.org'] },
      },
    ])
    assert.deepEqual(body.tool_choice, { type: 'web_search' })
    assert.deepEqual(body.include, ['web_search_call.action.sources'])
    assert.deepEqual(dropped, [])
    assert.equal(ask({ tools: [tool] }).answer.searches, true)
    assert.equal(ask({ tools: [look] }).answer.searches, false)
  })

  test('another is dropped beside other tools; alone or chosen it is a 400', () => {
    const fetch = { type: 'web_fetch_20250910', name: 'web_fetch' }
    const { body, dropped } = written({ tools: [look, fetch] })

    assert.deepEqual([body.tools?.length, dropped], [1, ['tools.web_fetch']])
    const fault = { code: 'unsupported_tool', status: 400, param: 'tools[0]' }
    assert.throws(() => written({ tools: [fetch] }), fault)
    const chosen = { tools: [fetch, look], tool_choice: { type: 'tool', name: 'web_fetch' } }
    assert.throws(() => written(chosen), fault)
  })

  test('a tool that the client runs, but only Anthropic’s models know, is a 400', () => {
    const types = ['computer_20251124', 'browser_toolset_20260801', 'computer_toolset_20260801']
    for (const type of types) {
      const body = { tools: [look, { type, name: 'x' }] }
      assert.throws(() => written(body), { code: 'unsupported_tool', param: 'tools[1]' })
    }
  })
})

suite('§16.5 the choice', () => {
  const choice = (value: JsonObject) => written({ tools: [look], tool_choice: value }).body

  test('`auto`, `any`, `none` and a name', () => {
    assert.equal(choice({ type: 'auto' }).tool_choice, 'auto')
    assert.equal(choice({ type: 'any' }).tool_choice, 'required')
    assert.equal(choice({ type: 'none' }).tool_choice, 'none')
    const named = { type: 'function', name: 'look' }
    assert.deepEqual(choice({ type: 'tool', name: 'look' }).tool_choice, named)
  })

  test('`disable_parallel_tool_use` is one call at a time', () => {
    const serial = choice({ type: 'auto', disable_parallel_tool_use: true })

    assert.equal(serial.parallel_tool_calls, false)
    assert.equal(choice({ type: 'auto' }).parallel_tool_calls, undefined)
  })

  test('a name that no tool has is a 400', () => {
    const fault = { code: 'invalid_value', param: 'tool_choice.name' }

    assert.throws(() => choice({ type: 'tool', name: 'jump' }), fault)
  })
})
