/** The end of a chat stream: what an upstream may still report behind the finish reason, and how long that is waited for. */
import { membersNamed } from '../../../pipelines/json/value.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import { commonTranslator } from '../../../pipelines/providers/common/answer.ts'
import { translate } from '../../../pipelines/stages/translate.ts'
import { brief, content, context, finish } from '../providers/common/chunks.ts'
import { only } from '../providers/events.ts'

function open() {
  const stage = translate(commonTranslator(context), membersNamed('arguments'))
  const deltas: Delta[] = []
  let hasEnded = false
  stage.on('data', (list: Delta[]) => deltas.push(...list))
  stage.on('end', () => {
    hasEnded = true
  })
  const send = (...events: object[]) =>
    stage.write(events.map((event) => ({ data: JSON.stringify(event) })))
  return { stage, deltas, send, hasEnded: () => hasEnded }
}

/** Lets the stage do all that it does at once. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const usage = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }

test('§11.5 the usage behind the finish reason is waited for until [DONE]', async () => {
  const { stage, deltas, send, hasEnded } = open()
  send(content('a'), finish('stop'))
  await settled()

  assert.deepEqual(brief(deltas), ['a'])
  send(usage)
  stage.write([{ data: '[DONE]' }])
  await settled()

  assert.deepEqual(brief(deltas), ['a', '= stop'])
  assert.equal(only('usage', deltas)[0]?.usage.outputTokens, 2)
  assert.ok(hasEnded())
})

test('§11.5 or for 5 s, where the upstream says no more and does not end', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { deltas, send, hasEnded } = open()
  send(content('a'), finish('stop'))
  await settled()
  send(usage)
  t.mock.timers.tick(4999)
  await settled()

  assert.deepEqual(brief(deltas), ['a'])
  t.mock.timers.tick(1)
  await settled()

  assert.deepEqual(brief(deltas), ['a', '= stop'])
  assert.ok(hasEnded())
})

test('§11.5 nothing is waited for before there is a finish reason', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { deltas, send, hasEnded } = open()
  send(content('a'))
  await settled()
  t.mock.timers.tick(60_000)
  await settled()

  assert.deepEqual(brief(deltas), ['a'])
  assert.ok(!hasEnded())
})

test('§11.5 a stream that is let go leaves no timer behind', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { stage, deltas, send } = open()
  send(content('a'), finish('stop'))
  await settled()
  stage.destroy()
  t.mock.timers.tick(5000)
  await settled()

  assert.deepEqual(brief(deltas), ['a'])
})
