/**
 * Tools that Anthropic defines and the client runs, on models that have never heard of them: `bash`, the text editor and the memory.
 * Programs written for Claude declare them without a schema.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { responsesBody } from '../helpers/upstream.ts'
import { ask, clients, type Type } from './requests.ts'

const client = clients.messages!
const input = { command: 'str_replace', path: '/memories/a.md', old_str: 'a', new_str: 'b' }
const written = JSON.stringify(input)

function callingAnswer(type: Type, name: string): object {
  if (type === 'openai') {
    return responsesBody({ tools: [{ id: 'call_1', name, input: [written] }] })
  }
  if (type === 'google') {
    const content = { role: 'model', parts: [{ functionCall: { name, args: input } }] }
    return { candidates: [{ content, finishReason: 'STOP' }] }
  }
  const call = { id: 'call_1', type: 'function', function: { name, arguments: written } }
  const message = { role: 'assistant', content: null, tool_calls: [call] }
  return { id: 'a', choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }
}

/** The name and the schema of each function that went up. */
function functionsOf(type: Type, sent: JsonObject | undefined): [unknown, JsonObject][] {
  const { tools: up } = sent as { tools: JsonObject[] }
  const list = type === 'google' ? (up[0]?.functionDeclarations as JsonObject[]) : up
  return list.map((tool) => {
    const one = (type === 'common' ? tool.function : tool) as JsonObject
    return [one.name, (one.parameters ?? one.parametersJsonSchema) as JsonObject]
  })
}

const tools = [
  { type: 'bash_20250124', name: 'bash' },
  { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool', max_characters: 9000 },
  { type: 'memory_20250818', name: 'memory', strict: true },
]

for (const type of ['openai', 'common', 'google'] as const) {
  test(`translation §12.4: ${type} gets a schema of each, and its call is one of Claude's`, async (t) => {
    const { status, dropped, answer, sent } = await ask(
      t,
      { client, type },
      { ...client.ask([{ user: 'Hi' }]), tools, tool_choice: { type: 'tool', name: 'memory' } },
      { answer: callingAnswer(type, 'memory') },
    )

    assert.deepEqual([status, dropped], [200, null])
    const declared = functionsOf(type, sent).map(([name, schema]) => [
      name,
      Object.keys(schema.properties as JsonObject).includes('command'),
    ])
    const names = tools.map(({ name }) => [name, true])
    // where only one may be called, some APIs get that one alone
    assert.deepEqual(declared, declared.length === 1 ? names.slice(2) : names)
    const [block] = answer.content as JsonObject[]
    assert.deepEqual([block?.type, block?.name, block?.input], ['tool_use', 'memory', input])
    assert.equal(answer.stop_reason, 'tool_use')
  })
}

test('translation §12.4: a history with such calls goes up without the tools being known', async (t) => {
  const turns = client.ask([
    { user: 'Hi' },
    { called: 'toolu_1' },
    { answered: 'toolu_1', text: 'x' },
  ])
  const { sent } = await ask(t, { client, type: 'openai' }, { ...turns, tools: tools.slice(0, 1) })

  const { input: up } = sent as { input: JsonObject[] }
  const items = up.map(({ type }) => type)
  assert.deepEqual(items, ['message', 'function_call', 'function_call_output'])
})

test('translation §12.4: an older editor inserts by its own member, and can undo', async (t) => {
  const members = async (type: string) => {
    const body = { ...client.ask([{ user: 'Hi' }]), tools: [{ type, name: 'editor' }] }
    const { sent } = await ask(t, { client, type: 'openai' }, body)
    const { properties } = functionsOf('openai', sent)[0]![1] as { properties: JsonObject }
    const { enum: commands } = properties.command as { enum: string[] }
    return ['insert_text' in properties, commands.includes('undo_edit')]
  }

  assert.deepEqual(await members('text_editor_20250124'), [false, true])
  assert.deepEqual(await members('text_editor_20250429'), [true, false])
})

test('translation §12.4: no call lacks what clients refuse it without', async (t) => {
  const { sent } = await ask(
    t,
    { client, type: 'openai' },
    { ...client.ask([{ user: 'Hi' }]), tools },
  )

  const required = functionsOf('openai', sent).map(([, schema]) => schema.required)
  assert.deepEqual(required, [['command'], ['command', 'path'], ['command', 'path']])
})
