/** What a person sees at start: lines that work when they are pasted. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { builtProgram } from '../helpers/built-program.ts'
import { runProgram, type ProgramOptions } from '../helpers/program.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { anthropicStream, startUpstream } from '../helpers/upstream.ts'

/** What the curl lines of a banner print in a shell, with the placeholder filled in. */
async function pasted(banner: string, key: string): Promise<string> {
  const command = banner.slice(banner.lastIndexOf('  curl ')).replace(/YOUR_(?:CLIENT_)?KEY/, key)
  return (await promisify(execFile)('sh', ['-c', command])).stdout
}

test('the curl lines of the banner stream an answer as they are', async (t) => {
  const program = runProgram(t, { args: ['demo'], terminal: true })
  await program.url()

  assert.match(
    program.stdout(),
    /^droid2api \d+\.\d+\.\d+ listens on http:\S+\nConfiguration: .*\nDemo: a built-in/,
  )
  assert.match(await pasted(program.stdout(), ''), /data: \[DONE\]/)
})

test('any-client §13: the demo names a model of each type, and every client has its line', async (t) => {
  const models = [{ name: 'Mine', id: 'gemini-x', type: 'google' }]
  const endpoints = [{ name: 'own', type: 'google', base_url: 'http://127.0.0.1:1', auth: 'none' }]
  const demo = runProgram(t, { args: ['demo'], terminal: true })
  const own = runProgram(t, { config: { port: 0, models, endpoints }, terminal: true })
  await Promise.all([demo.url(), own.url()])

  const four = 'claude-opus-5-5, gpt-5\\.4, glm-4\\.6, gemini-3-pro'
  assert.match(demo.stdout(), new RegExp(`\\nDemo: .* any model, such as ${four}\\.\\n`))
  assert.match(
    own.stdout(),
    /TOKENS=200000 ANTHROPIC_DEFAULT_HAIKU_MODEL=gemini-x claude --model gemini-x\n/,
  )
  assert.match(own.stdout(), /\n  codex -m gemini-x -c model_context_window=200000 /)
})

const screens: [how: string, options: ProgramOptions][] = [
  ['demo', { args: ['demo'] }],
  ['no account', {}],
  ['an account', { env: { FACTORY_API_KEY: 'fk-the-account-key' } }],
]
for (const [how, options] of screens) {
  test(`contract §4.6: the start fits the screen of a terminal, 24 lines of 80 characters: ${how}`, async (t) => {
    const program = runProgram(t, { ...options, terminal: true })
    await program.url()

    // as it names itself when it is started in its own folder
    const shown = program.stdout().replace(builtProgram(), 'dist/bin/droid2api.js')
    const lines = shown.trimEnd().split('\n')
    // the line that the prompt was on, and the one below
    const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 80)), 2)
    assert.ok(rows <= 24, `${rows} rows:\n${program.stdout()}`)
  })
}

test('with client keys the lines have a place for one, and none is shown', async (t) => {
  const upstream = await startUpstream(t, [{ sse: anthropicStream({ text: ['hi'] }) }])
  const program = runProgram(t, {
    config: oneUpstream(upstream.url, { api_keys: ['a-client-key-1'] }),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
    terminal: true,
  })
  await program.url()

  assert.match(program.stdout(), /ANTHROPIC_AUTH_TOKEN=YOUR_CLIENT_KEY (?:\S+ )?claude /)
  assert.match(program.stdout(), /DROID2API_KEY=YOUR_CLIENT_KEY codex .*env_key="DROID2API_KEY"/)
  assert.doesNotMatch(program.stdout(), /a-client-key-1|fk-the/)
  assert.match(await pasted(program.stdout(), 'a-client-key-1'), /data: \[DONE\]/)
})

test('with no account the lines have a place for the user’s own key, which goes upstream', async (t) => {
  const upstream = await startUpstream(t, [{ sse: anthropicStream({ text: ['hi'] }) }])
  const program = runProgram(t, { config: oneUpstream(upstream.url), terminal: true })
  await program.url()

  assert.match(
    program.stdout(),
    /\nNo account: .* Without one: node \S+droid2api\.js init or demo\n/,
  )
  assert.match(program.stdout(), /ANTHROPIC_AUTH_TOKEN=YOUR_KEY (?:\S+ )?claude /)
  assert.match(await pasted(program.stdout(), 'my-own-key'), /data: \[DONE\]/)
  assert.equal(upstream.requests[0]?.headers.authorization, 'Bearer my-own-key')
})

test('with an account any key will do', async (t) => {
  const program = runProgram(t, { env: { FACTORY_API_KEY: 'fk-the-account-key' }, terminal: true })
  await program.url()

  assert.match(program.stdout(), /\nAccount: factory_api_key\n/)
  assert.match(program.stdout(), /OPENAI_API_KEY=any\n/)
  assert.doesNotMatch(program.stdout(), /YOUR_|authorization|env_key|fk-the/)
})

test('a token that expired while the proxy was off is told as being renewed', async (t) => {
  const tokens = await startTokenServer(t)
  tokens.faults.push('hang')
  const { dir } = await startProxy(t)
  const file = path.join(dir, 'auth.json')
  const times = { obtained_at: '2026-01-31T00:00:00Z', expires_at: '2026-01-31T08:00:00Z' }
  const pair = { access_token: 'an-old-token', refresh_token: tokens.refreshToken }
  writeFileSync(file, JSON.stringify({ ...pair, droid2api: times }))

  const program = runProgram(t, { env: { AUTH_FILE: file, TOKEN_URL: tokens.url }, terminal: true })
  await program.url()

  assert.match(
    program.stdout(),
    /\nAccount: auth_file, token expired 2026-01-31T08:00:00\.000Z, being renewed\n/,
  )
})

test('contract §20: the banner names the page where somebody can reach it', async (t) => {
  const key = { ADMIN_KEY: 'the-key-of-whoever-looks' }
  const programs = [{}, key, { STATUS_PAGE: 'off' }].map((env) =>
    runProgram(t, { args: ['demo'], env, terminal: true }),
  )
  const urls = await Promise.all(programs.map((program) => program.url()))

  const [open, locked, off] = programs.map((program) => program.stdout())
  assert.ok(open!.includes(`\nStatus page: ${urls[0]}/status, from this machine\n`))
  assert.ok(
    locked!.includes(`\nStatus page: ${urls[1]}/status, with the admin key as the password\n`),
  )
  assert.doesNotMatch(off!, /Status page/)
})
