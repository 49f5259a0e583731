/**
 * Keeps V8's code of the built program for the Node that runs this, beside the program: all that is compiled once it has
 * started, passed one stream on and translated another, so that a user's first answer does not wait for V8 either. For that
 * the program runs once, in a folder of its own, on loopback. Its account is made up, and its upstream is in this file.
 *
 *     node bin/build/keep-code.cjs
 */
'use strict'
const { once } = require('events')
const fs = require('fs')
const { createServer } = require('http')
const { tmpdir } = require('os')
const path = require('path')
const { setTimeout: sleep } = require('timers/promises')
const { codeFile, compileProgram } = require('./load-program.cjs')

const projectDir = path.join(__dirname, '..', '..')
const binDir = path.join(projectDir, 'dist', 'bin')
const host = '127.0.0.1'
const key = 'only-to-keep-code'
const account = 'fk-only-to-keep-code'
/** ms that it may take to listen */
const patience = 10_000

const events = [
  {
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', content: [], usage: {} },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
]

/** Answers each request with the same stream of Anthropic's Messages API. */
const upstream = createServer((req, res) => {
  req.resume()
  res.setHeader('content-type', 'text/event-stream')
  for (const event of events) res.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  res.end()
})

/** A port of loopback that the system chooses. */
async function listen(server) {
  server.listen(0, host)
  await once(server, 'listening')
  return server.address().port
}

async function freePort() {
  const server = createServer()
  const port = await listen(server)
  server.close()
  return port
}

/** As the launcher says it, which looks for the code by it. */
function hashOfProgram() {
  const launcher = fs.readFileSync(path.join(binDir, 'droid2api.js'), 'utf8')
  return /compileProgram\(__dirname, '(\w+)'\)/.exec(launcher)[1]
}

/** A folder as a release has it, with a configuration. */
async function makeFolder(port) {
  const dir = fs.mkdtempSync(path.join(tmpdir(), 'droid2api-code-'))
  process.once('exit', () => fs.rmSync(dir, { recursive: true, force: true }))
  fs.mkdirSync(path.join(dir, 'dist', 'bin'), { recursive: true })
  fs.copyFileSync(path.join(projectDir, 'package.json'), path.join(dir, 'package.json'))
  const base_url = `http://${host}:${await listen(upstream)}/v1/messages`
  const config = {
    port,
    models: [{ name: 'Claude', id: 'claude', type: 'anthropic' }],
    endpoints: [{ name: 'here', type: 'anthropic', base_url, auth: 'account' }],
    api_keys: [key],
  }
  fs.writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config))
  return dir
}

/** Runs the program as if it lay in this folder, with nothing of this environment: no account, no `.env`, no store. */
function run(script, dir) {
  for (const name of Object.keys(process.env)) delete process.env[name]
  const env = { HOME: dir, USERPROFILE: dir, DATA_DIR: dir, FACTORY_API_KEY: account }
  Object.assign(process.env, env)
  process.chdir(dir)
  process.argv.splice(2, Infinity, '-c', path.join(dir, 'config.json'))
  const place = path.join(dir, 'dist', 'bin')
  script.runInThisContext()({}, require, {}, path.join(place, 'main.cjs'), place)
}

/** Until it answers. It may refuse to serve, or never come to it. */
async function untilUp(url) {
  for (const began = Date.now(); Date.now() - began < patience; await sleep(20)) {
    if (process.exitCode) break
    const up = await fetch(`${url}/health`).catch(() => undefined)
    if (up) return
  }
  process.exit(1)
}

async function ask(url) {
  const messages = [{ role: 'user', content: 'Hello' }]
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'claude', max_tokens: 10, stream: true, messages }),
  })
  await answer.text()
}

/** In one step, and on the disk before it has its name: V8 would run what a loss of power left of it. */
function put(code, file) {
  fs.writeFileSync(`${file}.new`, code, { flush: true })
  fs.renameSync(`${file}.new`, file)
}

async function main() {
  // V8 refuses code that was made under other flags than those it starts with, and the program sets some later
  require('v8').setFlagsFromString = () => {}
  const hash = hashOfProgram()
  const script = compileProgram(binDir, hash)
  const port = await freePort()
  run(script, await makeFolder(port))
  const url = `http://${host}:${port}`
  await untilUp(url)
  for (const route of ['/v1/messages', '/v1/chat/completions']) await ask(url + route)
  put(script.createCachedData(), path.join(binDir, codeFile(hash)))
  process.exit()
}

void main()
