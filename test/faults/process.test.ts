/** The process in a bad environment: a log that nobody reads, few descriptors, requests made to break it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { oneUpstream, post } from '../helpers/proxy.ts'
import { runProgram } from '../helpers/program.ts'
import { isServed, until } from '../helpers/until.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'
import { asks, routes } from './asks.ts'

test('contract §8.1, row 61: without a host the program listens on 127.0.0.1', async (t) => {
  const program = runProgram(t)

  assert.match(await program.url(), /^http:\/\/127\.0\.0\.1:/)
})

test('row 60: a log that nobody reads stops neither its work nor its end', async (t) => {
  const program = runProgram(t)
  const url = await program.url()
  program.process.stdout.pause()

  // Each line is about 200 bytes: far more than a pipe holds.
  for (let round = 0; round < 40; round += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${url}/v1/models`)))
    for (const answer of answers) assert.equal((await answer.json(), answer.status), 200)
  }
  program.process.kill('SIGTERM')
  const [code] = (await once(program.process, 'exit')) as [number]

  assert.equal(code, 0)
})

test('row 60: the last lines are in the log also where the process ends at once', () => {
  const source = import.meta.resolve('../../lib/log/log.ts')
  const script = `import { openLog } from '${source}'
    openLog({ level: 'info', readable: false, redact: (line) => line }).log.info('last words')
    process.exit(3)`

  const ended = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    {
      encoding: 'utf8',
    },
  )

  assert.equal(ended.status, 3)
  assert.match(ended.stdout, /"msg":"last words"\}\n$/)
})

test('row 60: with 64 file descriptors it refuses what it cannot hold, and serves again', async (t) => {
  const program = runProgram(t, { descriptors: 64 })
  const url = await program.url()

  const sockets = Array.from({ length: 100 }, () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    return socket.on('error', () => undefined)
  })
  await wait(300)
  for (const socket of sockets) socket.destroy()

  await until(() => isServed(`${url}/health`))
  assert.equal(program.process.exitCode, null)
})

test('row 60: forty hostile requests do not end it', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const program = runProgram(t, { config: oneUpstream(upstream.url) })
  const url = await program.url()
  const bodies = [
    '',
    '{',
    '[]',
    'null',
    '{"model":{}}',
    '{"model":"__proto__"}',
    '\uffff',
    '{"model":"constructor","messages":[]}',
  ]

  for (const route of routes) {
    for (const body of bodies) await (await post(url + route, body)).text()
  }
  for (const bytes of [
    '\u0000',
    'GET',
    'POST /v1/messages HTTP/1.1\r\n\r\n',
    '\r\n\r\n\r\n',
    'x'.repeat(90_000),
  ]) {
    for (let count = 0; count < 4; count += 1) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined)
      socket.end(bytes)
      await once(socket.resume(), 'close')
    }
  }

  assert.equal((await post(`${url}/v1/messages`, asks['/v1/messages'])).status, 200)
  assert.equal(program.process.exitCode, null)
})
