import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import { chatStream } from '../../../pipelines/clients/chat/stream.ts'
import { AnswerOutcome, serialise } from '../../../pipelines/stages/serialise.ts'
import { answerContext, chunksOf, told } from '../clients/chat/chat-answers.ts'

const start: Delta = { type: 'start', id: 'msg_1' }
const stop: Delta = { type: 'stop', reason: 'stop' }
const role = { role: 'assistant', content: '' }

function chat(keepAliveMs = 0) {
  return serialise(chatStream(answerContext()), new AnswerOutcome(), keepAliveMs)
}

function mockTimers(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setTimeout'] })
}

test('§3 the role chunk goes out a second after the start at the latest', (t) => {
  mockTimers(t)
  const stage = chat()

  stage.write([start])
  t.mock.timers.tick(999)
  assert.equal(readAll(stage), '')
  t.mock.timers.tick(1)

  assert.deepEqual(told(chunksOf(readAll(stage)).chunks), [role])
  stage.write([{ type: 'text', text: 'a' }])
  assert.deepEqual(told(chunksOf(readAll(stage)).chunks), [{ content: 'a' }])
})

test('§3 a stream that began is kept alive by comments while it is silent', (t) => {
  mockTimers(t)
  const stage = chat(15_000)

  stage.write([start])
  stage.write([{ type: 'text', text: 'a' }])
  readAll(stage)
  for (let silence = 0; silence < 3; silence++) {
    t.mock.timers.tick(14_999)
    assert.equal(readAll(stage), '')
    t.mock.timers.tick(1)
    assert.equal(readAll(stage), ': keep-alive\n\n')
  }
})

test('no comment is written before the role chunk, nor to a client that does not read', (t) => {
  mockTimers(t)
  const stage = chat(100)

  stage.write([start])
  t.mock.timers.tick(900)
  assert.equal(readAll(stage), '')
  stage.write([{ type: 'text', text: 'a' }])
  t.mock.timers.tick(900)

  assert.ok(!readAll(stage).includes('keep-alive'))
})

test('every chunk puts the comment off', async (t) => {
  let refreshed = 0
  t.mock.method(globalThis, 'setTimeout', () => {
    const timer = { unref: () => timer, refresh: () => (refreshed += 1) }
    return timer
  })
  const stage = chat(100).resume()

  stage.write([start])
  for (const text of ['a', 'b', '', 'c']) stage.write([{ type: 'text', text }])
  await new Promise((resolve) => setImmediate(resolve))

  // the first one starts it
  assert.equal(refreshed, 2)
})

test('timers end with the stream, whether it ends or is destroyed', (t) => {
  for (const end of [
    (stage: ReturnType<typeof chat>) => stage.write([stop]),
    (stage: ReturnType<typeof chat>) => stage.end(),
    (stage: ReturnType<typeof chat>) => stage.destroy(),
  ]) {
    const open = new Set<object>()
    t.mock.method(globalThis, 'setTimeout', () => {
      const timer = { unref: () => timer, refresh: () => timer }
      open.add(timer)
      return timer
    })
    t.mock.method(globalThis, 'clearTimeout', (timer: object) => open.delete(timer))
    const stage = chat(100)
    stage.resume()
    stage.write([start])
    stage.write([{ type: 'text', text: 'a' }])

    end(stage)

    t.mock.restoreAll()
    assert.equal(open.size, 0)
  }
})

test('the output ends with the answer, though the upstream goes on', async () => {
  const stage = chat()
  stage.write([start])
  stage.write([stop])

  const pieces: string[] = await stage.toArray()

  assert.ok(pieces.join('').endsWith('data: [DONE]\n\n'))
})

test('many events that came at once go out in pieces, none of which V8 keeps apart from the others', async () => {
  const words = Array.from({ length: 3000 }, (_, index) => `word ${index} `)
  const stage = chat()
  const reading = stage.toArray() as Promise<string[]>
  stage.write([start, ...words.map((text): Delta => ({ type: 'text', text })), stop])

  const pieces = await reading

  assert.ok(pieces.length > 5)
  assert.ok(pieces.every(({ length }) => length < 64_000))
  const { chunks } = chunksOf(pieces.join(''))
  const texts = told(chunks).map((said) => (typeof said === 'string' ? '' : (said.content ?? '')))
  assert.equal(texts.join(''), words.join(''))
})

/** All that waits to be read: one call gives all of it on some versions of Node, and a piece on others. */
function readAll(stage: ReturnType<typeof chat>): string {
  let text = ''
  for (;;) {
    const piece = stage.read() as string | null
    if (!piece) return text
    text += piece
  }
}
