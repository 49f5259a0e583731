/** The files that the pages show are used as they are: by the program, or as their clients read them. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { blockOf, blocksIn, textsIn } from './page.ts'
import { sandbox, writeConfig } from './sandbox.ts'

const settings: Record<string, (t: TestContext, text: string) => void | Promise<void>> = {
  async '{ "env": { "ANTHROPIC_BASE_URL"'(t, text) {
    const { env } = JSON.parse(text) as { env: Record<string, string> }

    assert.deepEqual(Object.keys(env), [
      'ANTHROPIC_BASE_URL',
      'ANTHROPIC_AUTH_TOKEN',
      'ANTHROPIC_MODEL',
    ])
    await answers(t, `${env.ANTHROPIC_BASE_URL}/v1/messages`, {
      model: env.ANTHROPIC_MODEL,
      max_tokens: 99,
      messages: [{ role: 'user', content: 'Hello' }],
    })
  },

  async 'model = "gpt-5.4"'(t, text) {
    const [, model] = /^model = "(.+)"$/m.exec(text) ?? []
    const [, provider] = /^model_provider = "(.+)"$/m.exec(text) ?? []
    const [, url] = /^base_url = "(.+)"$/m.exec(text) ?? []

    // top-level keys end where the first table begins
    assert.ok(text.indexOf('model_provider') < text.indexOf('['))
    assert.ok(text.includes(`\n[model_providers.${provider}]\n`))
    assert.match(text, /^wire_api = "responses"$/m)
    assert.match(text, /^name = ".+"$/m)
    await answers(t, `${url}/responses`, { model, input: 'Hello' })
  },

  async '{\n  "$schema": "https://opencode.ai/config.json"'(t, text) {
    interface Provider {
      options: { baseURL: string }
      models: Record<string, unknown>
    }
    const config = JSON.parse(text) as { model: string; provider: Record<string, Provider> }
    const [name = '', chosen = ''] = config.model.split('/')
    const { options, models } = config.provider[name]!

    assert.ok(chosen in models)
    for (const model of Object.keys(models)) {
      const messages = [{ role: 'user', content: 'Hello' }]
      await answers(t, `${options.baseURL}/chat/completions`, { model, messages })
    }
  },

  async '{\n  "clients": ['(t, text) {
    const { dir, paste, start } = sandbox(t)
    writeFileSync(path.join(dir, 'config.json'), text)
    const keys = { ALICE_KEY: 'k-alice-3f9a1c7e55', BOB_KEY: 'k-bob-3f9a1c7e5500' }

    const { url } = await start('node dist/bin/droid2api.js', keys)
    const ask = (key: string) => paste(`curl -s -H 'x-api-key: ${key}' ${url}/usage/me`)

    assert.match(ask(keys.ALICE_KEY), /"tokens_per_day":\{"limit":2000000,"used":0/)
    assert.match(ask(keys.BOB_KEY), /"client":"bob"/)
  },

  '{\n  "accounts": ['(t, text) {
    const { dir, paste } = sandbox(t)
    writeFileSync(path.join(dir, 'config.json'), text)
    const keys = { DROID_REFRESH_KEY: 'rt-3f9a1c', ANTHROPIC_API_KEY: 'a-key-of-ones-own' }

    const checked = paste('node dist/bin/droid2api.js check || true', { ...keys, PORT: '0' })

    // the auth file of the example is not on this machine
    const faults = checked.split('\n').filter((line) => /^(?:error|warning)/.test(line))
    assert.deepEqual(
      faults.filter(
        (line) => !line.includes('~/.factory') && !line.includes('/.factory/auth.json'),
      ),
      [],
    )
    assert.match(checked, /^ok +configuration: .*, 3 models$/m)
  },

  async '{\n  "endpoints": [\n    { "name": "anthropic", "preset"'(t, text) {
    const here = sandbox(t)
    const { paste, start } = here
    writeConfig(here, text)
    const key = { ANTHROPIC_API_KEY: 'a-key-of-ones-own' }

    const { url } = await start('node dist/bin/droid2api.js', key)
    const checked = paste('node dist/bin/droid2api.js check', { ...key, PORT: '0' })

    assert.match(paste(`curl -sf ${url}/v1/models/anything`), /claude-sonnet-5-5/)
    assert.match(checked, /^ok +configuration: .*\.droid2api\/config\.json, 2 models$/m)
    assert.doesNotMatch(checked, /^(?:warning|error)/m)
  },

  '{\n  "endpoints": [\n    { "name": "factory", "preset"'(t, text) {
    const here = sandbox(t)
    writeConfig(here, text)
    const keys = { OPENAI_API_KEY: 'a-key-of-ones-own', FACTORY_API_KEY: 'fk-of-the-account' }

    const checked = here.paste('node dist/bin/droid2api.js check', { ...keys, PORT: '0' })

    assert.match(checked, /^ok +endpoint factory .*: the account's token$/m)
    assert.match(checked, /^ok +endpoint own .*openai.*: \$OPENAI_API_KEY$/m)
    assert.doesNotMatch(checked, /^(?:warning|error)/m)
  },

  async '{\n  "endpoints": [\n    {\n'(t, text) {
    const { dir, paste, start } = sandbox(t)
    writeFileSync(path.join(dir, 'config.json'), text)
    const key = { ANTHROPIC_API_KEY: 'a-key-of-ones-own' }

    const { url } = await start('node dist/bin/droid2api.js', key)

    assert.match(paste(`curl -sf ${url}/v1/models`), /"id":"claude-sonnet-5-5"/)
    assert.doesNotMatch(
      paste('node dist/bin/droid2api.js check', { ...key, PORT: '0' }),
      /configuration: .* 0 models|unknown key|is not set/,
    )
  },
}

for (const [begins, trial] of Object.entries(settings)) {
  const language = begins.startsWith('{') ? 'json' : 'toml'
  test(`a file to copy: ${begins.replaceAll(/\n */g, '')}`, async (t) => {
    await trial(t, blockOf(language, begins))
  })
}

test('no file to copy is without a test', () => {
  const shown = ['json', 'toml', 'ini', 'yaml'].flatMap(textsIn)
  const known = Object.keys(settings)

  assert.equal(shown.length, known.length)
  assert.deepEqual(
    shown.filter((text) => !known.some((begins) => text.startsWith(begins))),
    [],
  )
})

for (const [first, script] of blocksIn('js')) {
  test(`a script to copy: ${first}`, async (t) => {
    const { dir, paste, start } = sandbox(t)
    const { url } = await start('node dist/bin/droid2api.js demo')
    const ask = `const hello = { model: 'claude-sonnet-5-5', max_tokens: 99, messages: [{ role: 'user', content: 'Hello' }] }
      console.log((await client.messages.create(hello)).content)`
    const whole = script.includes('console.log') ? script : `${script}\n${ask}`
    writeFileSync(path.join(dir, 'try.mjs'), whole.replace('localhost:3000', new URL(url).host))

    const printed = paste('node try.mjs', { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: 'any' })

    assert.match(printed, /Hello from the droid2api demo!/)
  })
}

/** Asks the demo, at the address that the page gives it, for an answer. */
async function answers(t: TestContext, address: string, body: unknown): Promise<void> {
  const { start } = sandbox(t)
  const { url } = await start('node dist/bin/droid2api.js demo')
  const there = address.replace('http://localhost:3000', url)
  assert.ok(there.startsWith(url), address)

  const answer = await fetch(there, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /Hello from the droid2api demo!/)
}
