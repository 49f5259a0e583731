/**
 * Every block of commands of the pages is pasted into the shell of a fresh copy. A block that this table does not know
 * fails: no command is shown that no test runs.
 */
import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { startUpstream } from '../helpers/upstream.ts'
import { blocksIn, shownAfter } from './page.ts'
import { sandbox, type Running, type Sandbox } from './sandbox.ts'
import { deployTrials, type Trial } from './deploy-trials.ts'

/** By the first line of the block. */
const trials: Record<string, Trial> = {
  async 'npm start'(t, commands) {
    const { root, start } = sandbox(t)

    const { url, stdout } = await start(commands, terminal)

    const banner = stdout().slice(stdout().indexOf('droid2api 1'))
    const printed = banner.replaceAll(url, 'http://127.0.0.1:3000').replaceAll(root, '')
    // `…` stands for lines that are left out
    const parts = shownAfter(commands).split('…\n')
    assert.ok(parts.length > 1 && printed.startsWith(parts[0]!))
    for (const part of parts) assert.ok(printed.includes(part), printed)
  },

  async 'npm ci'(t, commands) {
    const { start, paste } = sandbox(t, { installed: false })

    const { url } = await start(commands)

    assert.match(paste(`curl -s ${url}/v1/models`), /claude-sonnet-5-5/)
  },

  async 'npm ci && node --import tsx bin/droid2api.ts demo'(t, commands) {
    const { start, paste } = sandbox(t, { installed: false })

    const { url } = await start(commands)

    assert.match(paste(`curl -s ${url}/v1/models`), /claude-sonnet-5-5/)
  },

  async "curl http://localhost:3000/v1/chat/completions -H 'content-type: application/json' \\"(
    t,
    commands,
  ) {
    const [here, demo] = await withDemo(t)

    const printed = here.paste(at(demo, commands))

    const [first, second, , last] = shownAfter(commands).split('\n\n').map(withoutNumbers)
    const events = printed.split('\n\n').map(withoutNumbers)
    assert.deepEqual(events.slice(0, 2), [first, second])
    assert.equal(events.at(-2), last)
  },

  async 'eval "$(node dist/bin/droid2api.js env claude)"'(t, commands) {
    const { env, listed } = await claudeByEnv(t, commands)

    assert.equal(env.ANTHROPIC_AUTH_TOKEN, 'any')
    assert.match(listed, new RegExp(`"id":"${env.ANTHROPIC_MODEL}"`))
  },

  async 'eval "$(node dist/bin/droid2api.js env claude --model gpt-5.4)"'(t, commands) {
    const { env } = await claudeByEnv(t, commands)

    assert.equal(env.ANTHROPIC_MODEL, 'gpt-5.4')
  },

  async 'export OPENAI_API_KEY=your-key'(t, commands) {
    const list = { data: [{ id: 'gpt-5.4' }] }

    const { here, headers, served } = await startWithOwnKey(t, commands, list, 'OPENAI', '/v1')

    assert.match(served, /"id":"gpt-5\.4"/)
    assert.equal(headers.authorization, `Bearer ${ownKey}`)
    const printed = here.paste('node dist/bin/droid2api.js env claude --model gpt-5.4')
    assert.match(printed, /ANTHROPIC_MODEL=gpt-5\.4/)
  },

  async 'export GEMINI_API_KEY=your-key'(t, commands) {
    const name = 'models/gemini-3.1-pro-preview'
    const list = { models: [{ name, supportedGenerationMethods: ['generateContent'] }] }

    const { headers, served } = await startWithOwnKey(t, commands, list, 'GEMINI', '/v1beta')

    assert.match(served, /"id":"gemini-3\.1-pro-preview"/)
    assert.equal(headers['x-goog-api-key'], ownKey)
  },

  'mkdir -p ~/.droid2api'(t, commands) {
    const { root, paste } = sandbox(t)

    paste(commands)

    const checked = paste('node dist/bin/droid2api.js check', { PORT: '0' })
    assert.ok(checked.includes(path.join(root, 'home/me/.droid2api/config.json, 11 models')))
    assert.doesNotMatch(checked, /unknown key/)
  },

  async 'export ANTHROPIC_BASE_URL=http://localhost:3000 ANTHROPIC_AUTH_TOKEN=any'(t, commands) {
    const [here, demo] = await withDemo(t)

    here.paste(at(demo, commands))

    const [claude] = here.calls()
    const [, model] = claude?.args ?? []
    assert.match(here.paste(`curl -sf ${claude?.env.ANTHROPIC_BASE_URL}`), /droid2api/)
    assert.match(modelsOf(here, demo), new RegExp(`"id":"${model}"`))
  },

  async 'export OPENAI_BASE_URL=http://localhost:3000/v1 OPENAI_API_KEY=any'(t, commands) {
    const [here, demo] = await withDemo(t)
    const ask = 'curl -sf "$OPENAI_BASE_URL/models" -H "authorization: Bearer $OPENAI_API_KEY"'

    assert.match(here.paste(at(demo, `${commands}${ask}`)), /claude-sonnet-5-5/)
  },

  async 'curl http://localhost:3000/v1/models'(t, commands) {
    const [here, demo] = await withDemo(t)

    const printed = here.paste(at(demo, commands).replaceAll('curl ', 'curl -sf '))

    assert.match(printed, /"object":"list"/)
    assert.match(printed, /"type":"message","role":"assistant"/)
    assert.match(printed, /"object":"response",.*"status":"completed"/)
  },

  'node dist/bin/droid2api.js check'(t, commands) {
    const { root, paste } = sandbox(t)

    const printed = paste(commands).replaceAll(root, '')

    // whether this machine's port 3000 is free is not for the test to say
    const withoutPort = (lines: string) => lines.replace(/^.* port: .*\n/m, '')
    assert.equal(withoutPort(printed), withoutPort(shownAfter(commands)))
  },

  async 'curl http://localhost:3000/health'(t, commands) {
    const [here, demo] = await withDemo(t)

    assert.match(here.paste(at(demo, commands)), /^\{"status":"ok"/)
  },

  ...deployTrials,

  async 'export API_KEYS="$(node -p \'crypto.randomUUID()\')"'(t, commands) {
    const here = sandbox(t)

    // a test listens on loopback only
    const { url, stdout } = await here.start(commands.replace('HOST=:: ', ''))

    const key = /^[\da-f-]{36}$/m.exec(stdout())?.[0]
    const status = (header: string) =>
      here.paste(`curl -s -o answer -w '%{http_code}' ${url}/v1/models -H '${header}'`)
    assert.equal(status(`authorization: Bearer ${key}`), '200')
    assert.equal(status('authorization: Bearer any'), '401')
  },

  'npm test test/config/models.test.ts'(t, commands) {
    const { paste } = sandbox(t, { tested: true })

    assert.match(paste(commands), /^[1-9]\d? passed, 0 failed/m)
  },

  'npm test'(t, commands) {
    const { dir, paste } = sandbox(t, { tested: true })
    keepOneTest(path.join(dir, 'test'))

    assert.match(paste(commands), /^[1-9]\d* passed, 0 failed/m)
  },
}

const commandsOf = blocksIn('sh')
for (const [first, commands] of commandsOf) {
  test(`pasted: ${first}`, async (t) => {
    const trial = trials[first]
    assert.ok(trial, 'no test runs this block')

    await trial(t, commands)
  })
}

test('every block that a test is for is on a page', () => {
  const gone = Object.keys(trials).filter((first) => !commandsOf.has(first))

  assert.deepEqual(gone, [])
})

/** The program takes its stdout for a terminal; npm, which runs it, does not. */
const terminal = {
  NO_COLOR: '1',
  NODE_OPTIONS:
    "--import=data:text/javascript,(process.argv[1]||'').endsWith('droid2api.js')&&(process.stdout.isTTY=true)",
}

/** A copy whose demo is running; `npm run demo`, as the page has it, has a test of its own. */
async function withDemo(t: TestContext): Promise<[Sandbox, Running]> {
  const here = sandbox(t)
  return [here, await here.start('node dist/bin/droid2api.js demo')]
}

function at({ url }: Running, commands: string): string {
  return commands.replaceAll('localhost:3000', new URL(url).host)
}

function modelsOf({ paste }: Sandbox, { url }: Running): string {
  return paste(`curl -sf ${url}/v1/models`)
}

/** What the line for Claude Code sets in its environment, and the models of the demo that it leads to. */
async function claudeByEnv(t: TestContext, commands: string) {
  const [here, demo] = await withDemo(t)

  here.paste(commands, { PORT: new URL(demo.url).port })

  const env = here.calls()[0]?.env ?? {}
  assert.equal(env.ANTHROPIC_BASE_URL, demo.url)
  return { env, listed: modelsOf(here, demo) }
}

const ownKey = 'key-of-ones-own-3f9a1c'

/** Pastes what makes a configuration for the vendor's key. A stand-in lists the models: no test asks the internet. */
async function startWithOwnKey(
  t: TestContext,
  commands: string,
  list: object,
  vendor: string,
  route: string,
) {
  const { url, requests } = await startUpstream(t, () => ({ body: list }))
  const here = sandbox(t)

  const address = { [`${vendor}_BASE_URL`]: `${url}${route}` }
  const proxy = await here.start(commands.replace('your-key', ownKey), address)

  return { here, headers: requests[0]!.headers, served: modelsOf(here, proxy) }
}

/** Ids and times differ from run to run. */
function withoutNumbers(event: string): string {
  return event.trim().replaceAll(/(?<="id":"chatcmpl-resp_)\w+|(?<="created":)\d+/g, '')
}

/** The tests that run these tests must not run them again: one of them has to do. */
function keepOneTest(dir: string): void {
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.test.ts') && name !== path.join('config', 'models.test.ts')) {
      rmSync(path.join(dir, name))
    }
  }
}
