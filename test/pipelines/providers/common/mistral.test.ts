/** What models of Mistral refuse that all others take: §11.2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Model } from '../../../../pipelines/model.ts'
import type { Turn } from '../../../../pipelines/neutral/request.ts'
import {
  assistant,
  callPiece,
  image,
  messagesOf,
  resultPiece,
  thought,
  user,
  written,
} from './ask.ts'

const devstral: Model = { id: 'local', upstream_id: 'devstral-2512', reasoning: 'auto' }
const ids = ['D681PevKs', 'toolu_01A09q90qw90lq917835lq9']

function loop(...last: Turn[]): Turn[] {
  const calls = ids.map((id) => callPiece(id))
  const results = ids.map((id) => resultPiece(id, 'r'))
  return [user('a'), assistant(thought('hm'), ...calls), user(...results), ...last]
}

function rolesOf(turns: Turn[]): unknown[] {
  return messagesOf(turns, { model: devstral }).map(({ role }) => role)
}

test('§11.2 a word of the assistant stands between results and the user', () => {
  assert.deepEqual(rolesOf(loop()), ['user', 'assistant', 'tool', 'tool'])
  assert.deepEqual(rolesOf(loop(user('b'))).slice(2), ['tool', 'tool', 'assistant', 'user'])
  assert.deepEqual(rolesOf(loop(assistant('b'), user('c'))).slice(3), ['tool', 'assistant', 'user'])
  const seen = [assistant(callPiece('x')), user(resultPiece('x', [image()]))]
  assert.deepEqual(rolesOf([user('a'), ...seen]).slice(2), ['tool', 'assistant', 'user'])
})

test('§11.2 ids have nine letters and digits, in call and result alike', () => {
  const [, answer, ...results] = messagesOf(loop(), { model: devstral })
  const calls = (answer!.tool_calls as { id: string }[]).map(({ id }) => id)

  assert.equal(calls[0], ids[0])
  assert.match(calls[1]!, /^[0-9a-f]{9}$/)
  assert.deepEqual(
    results.map(({ tool_call_id: id }) => id),
    calls,
  )
})

test('§11.2 no reasoning goes back, no user is named, and a last word of the assistant is its beginning', () => {
  const { body } = written(
    { turns: loop(assistant('It is')), user: 'someone' },
    { model: devstral },
  )
  const messages = body.messages as Record<string, unknown>[]

  assert.equal(body.user, undefined)
  assert.equal(messages[1]?.reasoning_content, undefined)
  assert.deepEqual(messages.at(-1), { role: 'assistant', content: 'It is', prefix: true })
})

for (const [id, isTheirs] of [
  ['mistral-large-latest', true],
  ['mistralai/Ministral-8B-Instruct-2410', true],
  ['open-mixtral-8x22b', true],
  ['labs-devstral-small-2512', true],
  ['magistral-medium', true],
  ['gemma-3-27b', false],
  ['glm-4.6', false],
  ['astral-1', false],
] as const) {
  test(`§11.2 ${id} is ${isTheirs ? '' : 'no model '}of Mistral`, () => {
    const model = { ...devstral, upstream_id: id }
    const [, , , , fourth] = messagesOf(loop(user('b')), { model })

    assert.equal(fourth?.role, isTheirs ? 'assistant' : 'user')
  })
}
