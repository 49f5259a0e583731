/** Whom the program calls by itself, seen at every socket and every look-up of a whole run: nobody who is not configured. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { runProgram, type ProgramOptions } from '../helpers/program.ts'
import { oneUpstream, post } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

/** Loaded before the program; also sees what Node's own `fetch` does. */
const witness = `
import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
const note = (what) => appendFileSync(process.env.CALLED, what + '\\n')
const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...args) {
  const [to] = Array.isArray(args[0]) ? args[0] : args
  note(to.path ?? (to.host ?? 'localhost') + ':' + to.port)
  return connect.apply(this, args)
}
// listening looks its own address up
const named = (name) => net.isIP(name) || note('name ' + name)
const { lookup } = dns
dns.lookup = (name, ...rest) => (named(name), lookup(name, ...rest))
dns.promises.lookup = ((before) => (name, ...rest) => (named(name), before(name, ...rest)))(dns.promises.lookup)
syncBuiltinESMExports()
`

function watched(t: TestContext) {
  const dir = tempDir()
  const [called, file] = [path.join(dir, 'called'), path.join(dir, 'witness.mjs')]
  writeFileSync(called, '')
  writeFileSync(file, witness)
  const seen = { NODE_OPTIONS: `--import ${pathToFileURL(file).href}`, CALLED: called }
  return {
    run: (options: ProgramOptions) =>
      runProgram(t, { ...options, env: { ...options.env, ...seen } }),
    called: () => [...new Set(readFileSync(called, 'utf8').split('\n').filter(Boolean))].toSorted(),
  }
}

const hello = { max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] }

test('contract §8.12: a whole run calls the upstream and the token server of its configuration, and nobody else', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hello.'] }) }))
  const tokens = await startTokenServer(t)
  const config = { ...oneUpstream(upstream.url), auth: { token_url: tokens.url } }
  const env = { DROID_REFRESH_KEY: tokens.refreshToken, METRICS: 'on' }
  const { run, called } = watched(t)

  const program = run({ config, env })
  const url = await program.url()
  const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] }
  const model = data[0]!.id
  for (const route of ['messages', 'chat/completions']) {
    assert.equal((await post(`${url}/v1/${route}`, { ...hello, model })).status, 200)
  }
  await post(`${url}/v1/messages`, { ...hello, model: 'no-such-model' })
  for (const route of ['health', 'ready', 'status.json', 'usage', 'metrics']) {
    assert.equal((await fetch(`${url}/${route}`)).status, 200, route)
  }
  program.process.kill('SIGTERM')
  await program.exit

  assert.deepEqual(called(), [hostOf(upstream.url), hostOf(tokens.url)].toSorted())
})

for (const args of [
  ['check'],
  ['usage'],
  ['env', 'claude'],
  ['key', 'alice'],
  ['schema'],
  ['--help'],
]) {
  test(`contract §8.12: \`${args.join(' ')}\` calls nobody`, async (t) => {
    const { run, called } = watched(t)

    const program = run({ args, env: { FACTORY_API_KEY: 'fk-of-the-account' } })

    assert.equal(await program.exit, 0, program.stderr())
    assert.deepEqual(called(), [])
  })
}

test('contract §8.12: the demo calls its own upstream on this machine alone', async (t) => {
  const { run, called } = watched(t)

  const program = run({ args: ['demo'] })
  const model = 'claude-sonnet-5-5'
  const answer = await post(`${await program.url()}/v1/messages`, { ...hello, model })
  program.process.kill('SIGTERM')
  await program.exit

  assert.equal(answer.status, 200)
  assert.equal(called().length, 1)
  assert.match(called()[0]!, /^127\.0\.0\.1:\d+$/)
})

function hostOf(url: string): string {
  return new URL(url).host
}
