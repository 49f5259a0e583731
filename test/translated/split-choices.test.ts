/**
 * Copilot tells an answer of Claude's in several choices: the text in one, each call in another. An agent that gets the first alone waits
 * for nobody, and its work ends (claude-code-over-github-copilot #4).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { ask, clients } from './requests.ts'

const finish_reason = 'tool_calls'

function calling(id: string): JsonObject {
  const call = { id, type: 'function', function: { name: 'look', arguments: '{}' } }
  return { role: 'assistant', content: null, tool_calls: [call] }
}

const said = { role: 'assistant', content: 'I look.' }

/** What the client got: text as it is, of calls their ids. */
function partsOf(answer: JsonObject): unknown[] {
  return (answer.content as JsonObject[]).map(({ text, id }) => text ?? id)
}

const rows: [what: string, messages: JsonObject[], wanted: unknown[]][] = [
  ['the calls of all others', [said, calling('a'), calling('b')], ['I look.', 'a', 'b']],
  ['its own calls, where it has some', [calling('a'), calling('b')], ['a']],
  ['no text of another', [said, { role: 'assistant', content: 'Else.' }], ['I look.']],
]

for (const [what, messages, wanted] of rows) {
  test(`translation §11.3: beside the first choice a client gets ${what}`, async (t) => {
    const client = clients.messages!
    const choices = messages.map((message, index) => ({ index, message, finish_reason }))
    const answer = { id: 'x', choices, usage: { prompt_tokens: 9, completion_tokens: 9 } }
    const body = { ...client.ask([{ user: 'Hi' }]), tools: [client.tool('look')] }

    const back = await ask(t, { client, type: 'common' }, body, { answer })

    assert.deepEqual(partsOf(back.answer), wanted)
    const calls = wanted.length > 1 || wanted[0] === 'a'
    assert.equal(back.answer.stop_reason, calls ? 'tool_use' : 'end_turn')
  })
}
