/** Reasoning in the words of a Responses client, and what it hands back of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import type { Reasoning } from '../../../../pipelines/neutral/reasoning.ts'
import { begun, call, called, eventsOf, outputOf, stopped, text } from './answers.ts'
import { turnsOf } from './ask.ts'

const at = { content: 0, tools: 0 }

function thinking(reasoning: Partial<Reasoning>, ...parts: string[]): Delta[] {
  const whole: Reasoning = {
    kind: 'thinking',
    text: parts.join('\n\n'),
    maker: 'anthropic-claude-v1',
    model: 'm',
    index: 0,
    at,
    ...reasoning,
  }
  return [
    { type: 'reasoning-start', kind: whole.kind, index: 0, at },
    ...parts.flatMap((part, index): Delta[] => {
      const piece = { type: 'reasoning', text: part } as const
      return index > 0 ? [{ type: 'reasoning-part' }, piece] : [piece]
    }),
    { type: 'reasoning-stop', reasoning: whole },
  ]
}

const signed = thinking({ seal: { signature: 's' } }, 'a', 'b')
const both = { showsReasoning: true, sealsReasoning: true }

/** The reasoning of such an item when it comes back. */
function returned(item: JsonObject | undefined): Reasoning | undefined {
  const [piece] = turnsOf(item)[0]?.pieces ?? []
  return piece?.type === 'reasoning' ? piece.reasoning : undefined
}

test('§17.7 text is the summary, a part for each, with the seal', async () => {
  const [item] = await outputOf([begun, ...signed, ...text('x'), stopped], both)

  assert.deepEqual(item, {
    id: 'rs_1_0',
    type: 'reasoning',
    summary: [
      { type: 'summary_text', text: 'a' },
      { type: 'summary_text', text: 'b' },
    ],
    encrypted_content: item?.encrypted_content,
    status: 'completed',
  })
  const { text: own, seal, model } = returned(item) ?? {}
  assert.deepEqual([own, seal, model], ['a\n\nb', { signature: 's' }, 'm'])
})

test('§17.7 the events of an item', () => {
  const events = eventsOf([begun, ...signed, ...text('x')], both).map(
    ({ sequence_number: _number, ...event }) => event,
  )
  const place = { item_id: 'rs_1_0', output_index: 0 }
  const types = events.map(({ type }) => type.replace('response.', ''))

  assert.deepEqual(types.slice(0, 10), [
    'output_item.added',
    'reasoning_summary_part.added',
    'reasoning_summary_text.delta',
    'reasoning_summary_text.done',
    'reasoning_summary_part.done',
    'reasoning_summary_part.added',
    'reasoning_summary_text.delta',
    'reasoning_summary_text.done',
    'reasoning_summary_part.done',
    'output_item.done',
  ])
  assert.deepEqual(events[0]?.item, {
    id: 'rs_1_0',
    type: 'reasoning',
    summary: [],
    encrypted_content: null,
    status: 'in_progress',
  })
  assert.deepEqual(events[6], {
    type: 'response.reasoning_summary_text.delta',
    ...place,
    summary_index: 1,
    delta: 'b',
  })
  assert.deepEqual(events[8]?.part, { type: 'summary_text', text: 'b' })
})

test('§17.7 without a wish to read it, the summary is empty, and the seal has all', async () => {
  const [item] = await outputOf([begun, ...signed, stopped], { sealsReasoning: true })

  assert.deepEqual(item?.summary, [])
  assert.equal(returned(item)?.text, 'a\n\nb')
})

test('§17.7 without a wish to hand it back, the encrypted content is null', async () => {
  const [item] = await outputOf([begun, ...signed, stopped], { showsReasoning: true })

  assert.equal(item?.encrypted_content, null)
})

test('§17.7 with neither, and with nothing to show or to hand back, there is no item', async () => {
  assert.deepEqual(await outputOf([begun, ...signed, stopped]), [])
  assert.deepEqual(await outputOf([begun, ...thinking({}), stopped], both), [])
  assert.deepEqual(
    await outputOf([begun, ...thinking({}, 'a'), stopped], { sealsReasoning: true }),
    [],
  )
})

test('§17.7 reasoning that no provider takes back has a seal all the same', async () => {
  const [item] = await outputOf([begun, ...thinking({}, 'a'), stopped], both)

  assert.equal(returned(item)?.seal, undefined)
  assert.match(String(item?.encrypted_content), /^d2a1\./)
})

test('§17.7 reasoning of open models goes into the summary, under its field', async () => {
  const [item] = await outputOf(
    [
      begun,
      ...thinking(
        { kind: 'raw', maker: 'common', seal: { field: 'reasoning_content' } },
        'because',
      ),
      stopped,
    ],
    both,
  )

  assert.deepEqual(item?.summary, [{ type: 'summary_text', text: 'because' }])
  assert.deepEqual(
    [returned(item)?.text, returned(item)?.seal],
    ['because', { field: 'reasoning_content' }],
  )
})

test('§17.7 reasoning that the operator lets nobody read goes out as a seal alone', async () => {
  const [item] = await outputOf([begun, ...signed, stopped], { ...both, hideReasoning: true })

  assert.deepEqual(item?.summary, [])
  assert.equal(returned(item)?.text, 'a\n\nb')
})

test('§17.7 a seal of a call stands right before it', async () => {
  const sealed = thinking({ maker: 'google-gemini-v1', seal: { data: 'sig', on: 'call' } })
  const output = await outputOf([begun, ...text('x'), ...sealed, ...call(0, 'f'), called], both)

  assert.deepEqual(
    output.map(({ type }) => type),
    ['message', 'reasoning', 'function_call'],
  )
})

test('§17.7 interrupted reasoning goes on in another item', async () => {
  const start: Delta = { type: 'reasoning-start', kind: 'thinking', index: 0, at }
  const output = await outputOf(
    [
      begun,
      start,
      { type: 'reasoning', text: 'a' },
      { type: 'reasoning-stop' },
      ...text('x'),
      { ...start, resumed: true },
      { type: 'reasoning', text: 'b' },
      {
        type: 'reasoning-stop',
        reasoning: { kind: 'thinking', text: 'ab', seal: { signature: 's' } },
      },
      stopped,
    ],
    both,
  )

  assert.deepEqual(
    output.map(({ type }) => type),
    ['reasoning', 'message', 'reasoning'],
  )
})

test('§17.7 the signature of a call is a reasoning item in front of it', async () => {
  const signature: Reasoning = {
    kind: 'thinking',
    text: '',
    maker: 'google-gemini-v1',
    model: 'm',
    index: 0,
    at,
    seal: { data: 's', on: 'call', id: 'fc1' },
  }
  const start: Delta = {
    type: 'tool-start',
    index: 0,
    kind: 'function',
    id: 'fc1',
    name: 'f',
    reasoning: signature,
  }

  const output = await outputOf([begun, start, { type: 'tool-stop', index: 0 }, stopped], both)

  assert.deepEqual(
    output.map(({ type }) => type),
    ['reasoning', 'function_call'],
  )
  assert.deepEqual(returned(output[0])?.seal, signature.seal)
})
