/** How an answer's bytes pass through stages into a sink, and how that ends. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { PassThrough, Transform, Writable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { AnswerBody, flow } from '../../lib/upstream/answer-body.ts'
import { serving } from '../faults/serving.ts'

/** The head of an answer whose body `script` writes. */
async function answered(
  t: TestContext,
  script: (res: ServerResponse) => void,
): Promise<{ answer: IncomingMessage; upstream: ServerResponse }> {
  const asked = new EventEmitter()
  const url = await serving(t, (res) => {
    res.flushHeaders()
    asked.emit('asked', res)
  })
  const began = once(asked, 'asked') as Promise<[ServerResponse]>
  const [answer] = (await once(http.get(url), 'response')) as [IncomingMessage]
  const [upstream] = await began
  script(upstream)
  return { answer, upstream }
}

/** more than a busy machine takes for anything here */
const patientMs = 60_000

function collector(): { sink: Writable; text: () => string } {
  let text = ''
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      text += piece.toString()
      done()
    },
  })
  return { sink, text: () => text }
}

const upperCase = () =>
  new Transform({
    transform(piece: Buffer, _encoding, done) {
      done(null, piece.toString().toUpperCase())
    },
  })

test('the sink holds all that the stages made of a body when the flow is over', async (t) => {
  const { answer } = await answered(t, (res) => res.end('all of it'))
  const body = new AnswerBody(answer, patientMs)
  const { sink, text } = collector()

  await flow(body, [upperCase(), new PassThrough()], sink)

  assert.equal(text(), 'ALL OF IT')
  assert.equal(body.cut, undefined)
  assert.equal(sink.writableEnded, false)
})

test('of a body that is cut, what came before the cut is in the sink', async (t) => {
  const { answer, upstream } = await answered(t, (res) => res.write('the beginning'))
  const body = new AnswerBody(answer, patientMs)
  const { sink, text } = collector()
  sink.once('drain', () => undefined)
  const watcher = { bytes: () => upstream.destroy(), end: () => true }

  await flow(body, [upperCase()], sink, watcher)

  assert.equal(text(), 'THE BEGINNING')
  assert.equal(body.cut?.code, 'upstream_truncated')
})

test('a stage that ends by itself ends the flow, whatever the upstream still sends', async (t) => {
  const { answer } = await answered(t, (res) => res.write('one'))
  const body = new AnswerBody(answer, patientMs)
  const { sink, text } = collector()
  const onlyOne = new Transform({
    transform(piece: Buffer, _encoding, done) {
      this.push(piece)
      this.push(null)
      done()
    },
  })

  await flow(body, [onlyOne], sink)

  assert.equal(text(), 'one')
  assert.equal(body.cut, undefined)
})

test('a stage that fails fails the flow, destroys the others and leaves no body unread', async (t) => {
  const { answer } = await answered(t, (res) => res.end('anything'))
  const body = new AnswerBody(answer, patientMs)
  const broken = new Error('broken')
  const first = new PassThrough()
  const failing = new Transform({ transform: (_piece, _encoding, done) => done(broken) })
  const over = once(answer, 'close')

  await assert.rejects(flow(body, [first, failing], collector().sink), broken)

  assert.ok(first.destroyed)
  await over
})

for (const before of [[], [new PassThrough()]]) {
  test(`a stage that throws fails the flow and not the process, behind ${before.length} others`, async (t) => {
    const { answer } = await answered(t, (res) => res.end('anything'))
    const body = new AnswerBody(answer, patientMs)
    const broken = new Error('broken')
    const throwing = new Transform({
      transform: () => {
        throw broken
      },
    })

    await assert.rejects(flow(body, [...before, throwing], collector().sink), broken)

    assert.ok(throwing.destroyed)
  })
}

test('an upstream is let go at once where nobody can use the rest of its answer', async (t) => {
  const { answer, upstream } = await answered(t, (res) => res.write('the beginning'))
  const body = new AnswerBody(answer, patientMs)
  const failing = new Transform({ transform: (_piece, _encoding, done) => done(new Error('no')) })
  const closed = once(upstream, 'close')

  await assert.rejects(flow(body, [failing], collector().sink))

  assert.ok(answer.destroyed)
  assert.equal(body.cut, undefined)
  await closed
})

test('a sink that closes fails the flow and leaves no listener on it', async (t) => {
  const { answer } = await answered(t, (res) => res.write('the beginning'))
  const body = new AnswerBody(answer, patientMs)
  const sink = new Writable({ write: () => sink.destroy() })

  await assert.rejects(flow(body, [upperCase()], sink), /client left/)

  assert.equal(sink.listenerCount('drain'), 0)
})

test('a sink that is full holds the upstream back until it drains', async (t) => {
  const { answer } = await answered(t, (res) => res.end(Buffer.alloc(8 * 1024 * 1024)))
  const body = new AnswerBody(answer, patientMs)
  const writes = new EventEmitter()
  let goOn = () => undefined as void
  let taken = 0
  const sink = new Writable({
    highWaterMark: 1,
    write(piece: Buffer, _encoding, done) {
      taken += piece.length
      goOn = done
      writes.emit('write')
    },
  })
  const written = once(writes, 'write')
  const flowing = flow(body, [new PassThrough()], sink)
  await written
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  const takenWhileFull = taken

  const drain = setInterval(() => goOn(), 0)
  await flowing
  clearInterval(drain)

  assert.ok(takenWhileFull < 1024 * 1024, `${takenWhileFull} bytes`)
  assert.equal(taken, 8 * 1024 * 1024)
})

test('while a slow sink holds the upstream back, its silence does not count', async (t) => {
  const idleMs = 1000
  const { answer } = await answered(t, (res) => res.end(Buffer.alloc(4 * 1024 * 1024)))
  const body = new AnswerBody(answer, idleMs)
  let held = false
  const sink = new Writable({
    highWaterMark: 1,
    write(_piece, _encoding, done) {
      setTimeout(done, held ? 0 : 1.5 * idleMs)
      held = true
    },
  })

  await flow(body, [], sink)

  assert.equal(body.cut, undefined)
})

test('an upstream that is silent in mid-answer breaks it off', async (t) => {
  const { answer, upstream } = await answered(t, (res) => res.write('the beginning'))
  const body = new AnswerBody(answer, 50)
  const { sink } = collector()
  upstream.on('error', () => undefined)

  await flow(body, [], sink)

  assert.equal(body.cut?.code, 'upstream_timeout')
})
