/** The log as a person reads it on a terminal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showsColors } from '../../lib/cli/colors.ts'
import { readableLine } from '../../lib/log/log-line.ts'
import { runProgram } from '../helpers/program.ts'
import { oneUpstream, post } from '../helpers/proxy.ts'
import { anthropicStream, startUpstream } from '../helpers/upstream.ts'
import { until } from '../helpers/until.ts'

const time = new Date(2026, 10, 28, 13, 36, 4).toISOString()

function shown(fields: object, hasColors = false): string {
  return readableLine(`${JSON.stringify({ level: 'info', time, ...fields })}\n`, hasColors)
}

const request = {
  msg: 'request',
  reqId: 'r-1',
  method: 'POST',
  route: '/v1/messages',
  model: 'claude-sonnet-5-5',
  upstream: 'anthropic',
}

const requests: [what: string, fields: object, line: string][] = [
  [
    'with its tokens',
    { inputTokens: 33, outputTokens: 54, cachedTokens: 5, status: 200, durationMs: 2210 },
    'claude-sonnet-5-5 → anthropic 200 2.2 s 33+54 tokens',
  ],
  ['that was quick', { status: 200, durationMs: 320 }, 'claude-sonnet-5-5 → anthropic 200 320 ms'],
  [
    'that failed, with the code',
    { status: 502, durationMs: 40, error: 'upstream_unreachable' },
    'claude-sonnet-5-5 → anthropic 502 40 ms upstream_unreachable',
  ],
  [
    'that reached nobody, with the reason',
    { status: 502, durationMs: 40, error: 'upstream_unreachable', cause: 'ENOTFOUND' },
    'claude-sonnet-5-5 → anthropic 502 40 ms upstream_unreachable (ENOTFOUND)',
  ],
  [
    'that broke off',
    { status: 200, durationMs: 9000, error: 'upstream_cut', aborted: true, outputTokens: 3 },
    'claude-sonnet-5-5 → anthropic 200 9.0 s 0+3 tokens upstream_cut',
  ],
  [
    'whose client left',
    { status: 499, durationMs: 1500, aborted: true },
    'claude-sonnet-5-5 → anthropic 499 1.5 s the client left',
  ],
  [
    'that one of several accounts has served',
    { status: 200, durationMs: 320, account: 'work', attempts: 1 },
    'claude-sonnet-5-5 → anthropic 200 320 ms (account work)',
  ],
  [
    'that was sent several times, to other accounts and models',
    {
      status: 200,
      durationMs: 2210,
      inputTokens: 33,
      outputTokens: 54,
      account: 'spare',
      fallbackFrom: 'claude-opus-5-5',
      attempts: 3,
    },
    'claude-sonnet-5-5 → anthropic 200 2.2 s 33+54 tokens (account spare, in place of claude-opus-5-5, 3 attempts)',
  ],
  [
    'that nobody served at the second try either',
    { status: 529, durationMs: 90, error: 'overloaded_error', attempts: 2 },
    'claude-sonnet-5-5 → anthropic 529 90 ms (2 attempts) overloaded_error',
  ],
  [
    'without a model',
    { model: undefined, upstream: undefined, status: 404, durationMs: 1, error: 'model_not_found' },
    'POST /v1/messages 404 1 ms model_not_found',
  ],
]
for (const [what, fields, line] of requests) {
  test(`contract §13.5: on a terminal a request ${what} is one readable line`, () => {
    assert.equal(shown({ ...request, ...fields }), `13:36:04 ${line}\n`)
  })
}

test('contract §13.5: other lines have their level in words and their fields, an error its stack', () => {
  assert.equal(shown({ msg: 'stopped' }), '13:36:04 stopped\n')
  assert.equal(
    shown({ level: 'warn', msg: 'it is so', reason: 'two words', n: 1 }),
    '13:36:04 Warning: it is so reason="two words" n=1\n',
  )
  assert.equal(
    shown({ level: 'error', msg: 'no', err: { message: 'm', stack: 'Error: m\n    at x' } }),
    '13:36:04 Error: no\nError: m\n    at x\n',
  )
  assert.equal(shown({ level: 'debug', msg: 'event' }), '13:36:04 debug: event\n')
  assert.equal(readableLine('no JSON\n'), 'no JSON\n')
})

test('contract §13.5: nothing in a line can move the cursor or begin a line of its own', () => {
  const evil = 'a\u001B[2J\u009B31m\r\nListening'

  for (const line of [
    shown({ msg: 'm', reason: evil }),
    shown({ msg: evil }),
    shown({ ...request, model: evil, status: 200 }),
    shown({ msg: 'm', err: { message: evil } }),
  ]) {
    assert.doesNotMatch(line.replaceAll('\n', ''), /\p{Cc}/u)
  }
  assert.equal(shown({ msg: 'm', reason: evil }).split('\n').length, 2)
})

test('contract §13.5: faults stand out in colour, where there may be colours', () => {
  const failed = { ...request, status: 502, durationMs: 1 }
  const colored = /^13:36:04 \p{Cc}\[\d+m.*\p{Cc}\[39m\n$/u

  assert.match(shown({ level: 'warn', msg: 'w' }, true), colored)
  assert.match(shown({ level: 'error', msg: 'e' }, true), colored)
  assert.match(shown(failed, true), colored)
  assert.match(shown({ ...failed, status: 429 }, true), colored)
  assert.match(shown({ ...failed, status: 200, error: 'upstream_cut' }, true), colored)
  for (const line of [shown(failed), shown({ ...failed, status: 200 }, true)]) {
    assert.doesNotMatch(line.trimEnd(), /\p{Cc}/u)
  }
})

test('contract §13.5: the program tells a request so on a terminal and as JSON elsewhere, without colours under NO_COLOR', async (t) => {
  const upstream = await startUpstream(t, () => ({ sse: anthropicStream({ text: ['Hi'] }) }))
  const config = oneUpstream(upstream.url)
  const body = {
    model: 'claude-sonnet-4-5',
    stream: true,
    messages: [{ role: 'user', content: 'x' }],
  }
  const terminal = runProgram(t, { config, terminal: true })
  const piped = runProgram(t, { config })

  for (const program of [terminal, piped]) {
    const url = await program.url()
    await (await post(`${url}/v1/chat/completions`, body)).text()
    await (await post(`${url}/v1/chat/completions`, { ...body, model: 'nobody' })).text()
  }
  await until(() => / 404 /.test(terminal.stdout()))
  const { model } = await piped.line('request')

  assert.match(
    terminal.stdout(),
    /^\d\d:\d\d:\d\d claude-sonnet-4-5 → claude 200 \d+ ms \d+\+\d+ tokens$/m,
  )
  assert.match(terminal.stdout(), /^\d\d:\d\d:\d\d nobody 404 .*model_not_found$/m)
  assert.doesNotMatch(terminal.stdout().replaceAll('\n', ''), /\p{Cc}/u)
  assert.doesNotMatch(terminal.stdout(), /^\{/m)
  assert.equal(model, 'claude-sonnet-4-5')
})

test('contract §13.5: colours and bold letters are for terminals that show them, and for who wants them', () => {
  const allowed = [{ TERM: 'xterm-256color' }, {}, { TERM: 'xterm', NO_COLOR: '' }]
  const refused = [{ TERM: 'dumb' }, { TERM: 'xterm', NO_COLOR: '1' }]

  assert.deepEqual(allowed.map(showsColors), [true, true, true])
  assert.deepEqual(refused.map(showsColors), [false, false])
})
