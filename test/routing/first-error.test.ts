/** What a stream begins with: an error in one of many forms, a preamble, or an answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstErrorIn } from '../../lib/routing/first-error.ts'

const event = (data: unknown) =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
const failed = (error: object) => ({ type: 'response.failed', response: { error } })
const chunk = (delta: object, finish: string | null = null) => ({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: finish }],
})

const errors: [error: object, status: number][] = [
  [failed({ code: 'server_error', message: 'Selected model is at capacity. Please try …' }), 529],
  [failed({ code: 'server_is_overloaded', message: 'x' }), 529],
  [failed({ code: 'rate_limit_exceeded', message: 'x' }), 429],
  [failed({ code: 'server_error', message: 'An error occurred' }), 500],
  [{ type: 'error', error: { type: 'api_error', message: 'Overloaded' } }, 529],
  [{ type: 'error', error: { type: 'api_error', message: 'Internal server error' } }, 500],
  [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'x' } }, 429],
  [{ error: { code: '503', message: 'x' } }, 503],
  [{ choices: [], error: { code: 529, message: 'x' } }, 529],
]

for (const [error, status] of errors) {
  test(`contract §17: a stream that begins with ${JSON.stringify(error)} is a ${status}`, () => {
    const found = firstErrorIn(event(error))

    assert.ok(found !== undefined && found !== 'none')
    assert.equal(found.status, status)
  })
}

const preambles: [name: string, events: string][] = [
  ['comments', ': OPENROUTER PROCESSING\n\n'],
  ['the begin of a Messages answer', event({ type: 'message_start' }) + event({ type: 'ping' })],
  ['the begin of a Responses answer', event({ type: 'response.created' })],
  ['limits of Codex', event({ type: 'codex.rate_limits' }) + event({ type: 'response.created' })],
  ['a chunk with a role', event(chunk({ role: 'assistant', content: '', refusal: null }))],
  ['a chunk without a choice', event({ choices: [], prompt_filter_results: [] })],
]

for (const [name, events] of preambles) {
  test(`contract §17: behind ${name} a stream has not begun to answer`, () => {
    assert.equal(firstErrorIn(events), undefined)
    const found = firstErrorIn(events + event({ error: { code: 503, message: 'x' } }))
    assert.deepEqual(typeof found === 'object' && found.status, 503)
  })
}

const answers: object[] = [
  chunk({ content: 'Hi' }),
  chunk({ role: 'assistant', reasoning_content: 'Hm' }),
  chunk({ tool_calls: [{ index: 0 }] }),
  chunk({}, 'stop'),
  { type: 'content_block_start' },
  { type: 'response.output_item.added' },
  { candidates: [] },
]

for (const answer of answers) {
  test(`contract §17: ${JSON.stringify(answer)} begins an answer`, () => {
    assert.equal(firstErrorIn(event(answer) + event({ error: { code: 503 } })), 'none')
  })
}

test('contract §17: what is no JSON begins an answer, and an event that is not whole nothing', () => {
  assert.equal(firstErrorIn(event('<html>')), 'none')
  assert.equal(firstErrorIn('data: {"error":'), undefined)
})
