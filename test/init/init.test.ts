/** `droid2api init`: what it finds, what it writes, and what it leaves alone. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadConfig } from '../../lib/config/load.ts'
import { modelsIn } from '../../lib/init/list.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startUpstream, type Answer } from '../helpers/upstream.ts'
import { lister, openAiList, runInit } from './stand-ins.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')
const key = 'key-of-the-operator-3f9a1c7e55'

interface Written {
  endpoints: Record<string, unknown>[]
  models: { id: string; type: string; endpoint: string; upstream_id?: string; price?: object }[]
  model_redirects: Record<string, string>
}

function writtenIn(file: string): Written {
  return JSON.parse(readFileSync(file, 'utf8')) as Written
}

/** A vendor that lists so to the key. */
async function vendor(t: TestContext, answer: Answer) {
  return await startUpstream(t, lister(key, answer))
}

test('contract §4.10: a key and a local server make a file that loads, without any secret', async (t) => {
  const openai = await vendor(t, openAiList('gpt-9', 'text-embedding-3-large', 'gpt-5.4'))
  const ollama = await startUpstream(t, () => openAiList('qwen3:8b', 'nomic-embed-text:latest'))
  const env = { OPENAI_API_KEY: key }

  const { code, report, file, dir } = await runInit({
    env,
    hosts: { 'api.openai.com': openai.url },
    options: { places: { ollama: ollama.url } },
  })

  assert.equal(code, 0)
  const { endpoints, models, model_redirects: redirects } = writtenIn(file)
  assert.deepEqual(endpoints, [
    { name: 'openai', preset: 'openai' },
    { name: 'ollama', preset: 'ollama', base_url: ollama.url },
  ])
  assert.deepEqual(
    models.map(({ id, type, endpoint }) => [id, type, endpoint]),
    [
      ['gpt-5.4', 'openai', 'openai'],
      ['gpt-9', 'openai', 'openai'],
      ['qwen3:8b', 'common', 'ollama'],
    ],
  )
  assert.deepEqual(redirects, { '*': 'gpt-5.4' })
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.doesNotMatch(readFileSync(file, 'utf8') + report, new RegExp(key))
  assert.match(report, /^Found\n {2}openai {2}OPENAI_API_KEY; 2 models\n {2}ollama {2}http:/)
  assert.match(report, /\nNot found\n {2}ANTHROPIC_API_KEY, .*DEEPSEEK_API_KEY/)
  assert.match(report, /\nNext\n {2}droid2api\n {2}eval "\$\(droid2api env claude\)" && claude\n$/)
  const options = { flags: { config: file }, env, cwd: dir, packageDir, homeDir: dir }
  assert.deepEqual(loadConfig(options).warnings, [])
})

test('contract §4.11: a second init changes nothing and says so; --force writes anew', async (t) => {
  const openai = await vendor(t, openAiList('gpt-5.4'))
  const first = await runInit({
    env: { OPENAI_API_KEY: key },
    hosts: { 'api.openai.com': openai.url },
  })
  const before = { text: readFileSync(first.file, 'utf8'), at: statSync(first.file).mtimeMs }

  const again = { env: { OPENAI_API_KEY: key, MISTRAL_API_KEY: key }, dir: first.dir }
  const second = await runInit(again)

  assert.equal(second.code, 0)
  assert.match(second.report, /config\.json is there already, so nothing is changed\./)
  assert.match(
    second.report,
    /It lacks mistral, whose key is in MISTRAL_API_KEY: add \{ "name": "mistral"/,
  )
  assert.doesNotMatch(second.report, /It lacks openai/)
  assert.deepEqual(second.asked, [])
  const after = { text: readFileSync(first.file, 'utf8'), at: statSync(first.file).mtimeMs }
  assert.deepEqual(after, before)
  const forced = await runInit({ ...again, options: { force: true } })
  assert.equal(forced.code, 0)
  assert.match(readFileSync(first.file, 'utf8'), /mistral-large-latest/)
  assert.equal(statSync(first.file).mode & 0o777, 0o600)
})

test('contract §4.11: a provider that was asked for and is not in the file there is a failure', async () => {
  const { dir } = await runInit({ options: { wanted: ['groq'] } })

  const same = await runInit({ dir, options: { wanted: ['groq'] } })
  const other = await runInit({ dir, options: { wanted: ['xai'] } })

  assert.deepEqual([same.code, other.code], [0, 1])
})

test('contract §4.11: a broken or empty file stays as it is', async () => {
  for (const content of ['', '{ broken']) {
    const { dir, file } = await runInit({ options: { print: true, wanted: ['groq'] } })
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)

    const { code, report } = await runInit({ dir, env: { GROQ_API_KEY: key } })

    assert.equal(code, 0)
    assert.match(report, /is there already/)
    assert.equal(readFileSync(file, 'utf8'), content)
  }
})

test('contract §4.11: a folder where the file should be is a failure', async () => {
  const { dir, file } = await runInit({ options: { print: true, wanted: ['groq'] } })
  mkdirSync(file, { recursive: true })

  const { code, report } = await runInit({ dir, env: { GROQ_API_KEY: key } })

  assert.equal(code, 1)
  assert.match(report, /config\.json is a folder, not a file\. Name a file in it by --out/)
})

test('contract §4.10: --print writes nothing', async (t) => {
  const openai = await vendor(t, openAiList('gpt-5.4'))
  const { code, config, file } = await runInit({
    env: { OPENAI_API_KEY: key },
    hosts: { 'api.openai.com': openai.url },
    options: { print: true },
  })

  assert.equal(code, 0)
  assert.match(config ?? '', /"preset": "openai"/)
  assert.equal(existsSync(path.dirname(file)), false)
})

test('contract §4.10: nothing there is exit 1, and the demo is named', async () => {
  const { code, report, file } = await runInit({})

  assert.equal(code, 1)
  assert.match(report, /droid2api demo/)
  assert.equal(existsSync(file), false)
})

test('contract §4.10: a place that takes no file is told', async () => {
  const { dir, file } = await runInit({ options: { print: true, wanted: ['groq'] } })
  writeFileSync(path.dirname(file), 'a file where the folder should be')

  const { code, report } = await runInit({ dir, options: { wanted: ['groq'] } })

  assert.equal(code, 1)
  assert.match(report, /config\.json cannot be written: it is a file, not a folder/)
})

/** What a vendor may answer in place of a list; the short list stands in unless the key is refused. */
const odd: [what: string, answer: Answer, says: RegExp, writes: boolean][] = [
  [
    'a page of HTML',
    { headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' },
    /deepseek {2}DEEPSEEK_API_KEY; 2 models; answers something that is no list of models/,
    true,
  ],
  [
    'a refusal',
    { status: 401, body: { error: key } },
    /Not used\n {2}deepseek refuses DEEPSEEK_API_KEY \(HTTP 401\)/,
    false,
  ],
  ['a ban', { status: 403, body: 'no' }, /deepseek refuses DEEPSEEK_API_KEY \(HTTP 403\)/, false],
  [
    'a bad request for a bad key',
    { status: 400, body: { error: { message: 'API key not valid' } } },
    /deepseek refuses DEEPSEEK_API_KEY \(HTTP 400\)/,
    false,
  ],
  ['a failure', { status: 500, body: 'oops' }, /2 models; answers HTTP 500/, true],
  ['a redirect', { status: 302, headers: { location: '/x' }, body: '' }, /answers HTTP 302/, true],
  ['no models', openAiList(), /2 models; lists no models/, true],
  [
    'silence',
    { sse: ['hang'], silent: true },
    /2 models; could not be asked for its models: no answer within/,
    true,
  ],
  [
    'a list that never ends',
    { sse: ['{"data":[', 'hang'] },
    /could not be asked for its models: no answer/,
    true,
  ],
  [
    '50 MB',
    { body: `{"data":[${'"x",'.repeat(12_000_000)}` },
    /answers a list of more than 8 MB/,
    true,
  ],
]

for (const [what, answer, says, writes] of odd) {
  test(`contract §4.10: a provider that answers ${what}`, async (t) => {
    const deepseek = await startUpstream(t, () => answer)

    const { code, report, file } = await runInit({
      env: { DEEPSEEK_API_KEY: key },
      hosts: { 'api.deepseek.com': deepseek.url },
      ...(String(says).includes('no answer') && { patienceS: 0.3 }),
    })

    assert.match(report, says)
    assert.doesNotMatch(report, new RegExp(key))
    assert.equal(code, writes ? 0 : 1)
    assert.equal(existsSync(file), writes)
    if (writes) assert.match(readFileSync(file, 'utf8'), /deepseek-v4-pro/)
  })
}

test('contract §4.10: a host that cannot be reached is told, and the short list is written', async () => {
  const { code, report } = await runInit({ env: { DEEPSEEK_API_KEY: key } })

  assert.equal(code, 0)
  assert.match(report, /could not be asked for its models: unknown host \(ENOTFOUND\)/)
})

test('contract §4.10: --offline asks servers on this machine alone', async (t) => {
  const ollama = await startUpstream(t, () => openAiList('qwen3:8b'))

  const { asked, file, report } = await runInit({
    env: { DEEPSEEK_API_KEY: key },
    options: { offline: true, places: { ollama: ollama.url } },
  })

  assert.ok(asked.every(({ url }) => url.hostname === '127.0.0.1'))
  assert.deepEqual(
    writtenIn(file).models.map(({ id }) => id),
    ['deepseek-flash', 'deepseek-v4-pro', 'qwen3:8b'],
  )
  assert.doesNotMatch(report, /could not be asked/)
})

test('contract §4.10: a vendor has five seconds, what may be on this machine half a second', async (t) => {
  const ollama = await startUpstream(t, () => openAiList('qwen3:8b'))
  const env = { DEEPSEEK_API_KEY: key }

  const { asked } = await runInit({ env, options: { places: { ollama: ollama.url } } })

  const lists = asked.filter(({ url }) => url.pathname.endsWith('/models'))
  assert.deepEqual(
    lists.map(({ url, patienceS }) => [url.hostname, patienceS]),
    [
      ['api.deepseek.com', 5],
      ['127.0.0.1', 0.5],
    ],
  )
})

test('contract §4.10: an address on this machine that somebody named, and where nobody is, is told', async () => {
  const env = { OPENAI_API_KEY: key, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }

  const { code, report } = await runInit({ env })

  assert.equal(code, 1)
  assert.match(report, /openai cannot be asked at http:\/\/127\.0\.0\.1:9: connection refused/)
})

test('contract §4.10: a key that one region refuses is tried in the other', async (t) => {
  const [intl, cn] = await Promise.all([
    startUpstream(t, lister('another-key-0123456789', openAiList('kimi-k3'))),
    vendor(t, openAiList('kimi-k3', 'kimi-k4')),
  ])
  const hosts = { 'api.moonshot.ai': intl.url, 'api.moonshot.cn': cn.url }

  const { file, report } = await runInit({ env: { MOONSHOT_API_KEY: key }, hosts })

  assert.deepEqual(writtenIn(file).endpoints, [{ name: 'moonshot-cn', preset: 'moonshot-cn' }])
  assert.match(report, /moonshot-cn {2}MOONSHOT_API_KEY; 2 models; keys belong to a region/)
  const none = await runInit({ env: { MOONSHOT_API_KEY: 'neither-region-knows-it' }, hosts })
  assert.equal(none.code, 1)
  assert.match(none.report, /moonshot refuses MOONSHOT_API_KEY \(HTTP 401\)/)
})

test('contract §4.10: models that two providers share both stay, the second under its provider', async (t) => {
  const [groq, openrouter] = await Promise.all([
    vendor(t, openAiList('openai/gpt-oss-120b')),
    vendor(t, openAiList('openai/gpt-oss-120b', 'x')),
  ])

  const { file } = await runInit({
    env: { GROQ_API_KEY: key, OPENROUTER_API_KEY: key },
    hosts: { 'api.groq.com': groq.url, 'openrouter.ai': openrouter.url },
  })

  assert.deepEqual(
    writtenIn(file).models.map(({ id, upstream_id: upstream }) => [id, upstream]),
    [
      ['openai/gpt-oss-120b', undefined],
      ['x', undefined],
      ['groq/openai/gpt-oss-120b', 'openai/gpt-oss-120b'],
    ],
  )
})

test('contract §4.10: ids with odd characters are written so that they mean themselves', async (t) => {
  const ids = ['hf.co/a/B-GGUF:Q4_K_M', 'a"b', '${HOME}', '$${x}', 'mit leer', '模型']
  const deepseek = await vendor(
    t,
    openAiList(...ids, 'a\nb', '\u001B[31mred', ' x ', 'y'.repeat(300)),
  )
  const env = { DEEPSEEK_API_KEY: key }

  const { file, dir, report } = await runInit({ env, hosts: { 'api.deepseek.com': deepseek.url } })

  assert.match(report, /6 models; 4 with names that cannot be written down/)
  const options = { flags: { config: file }, env, cwd: dir, packageDir, homeDir: dir }
  const { config, warnings } = loadConfig(options)
  assert.deepEqual(config.models.map(({ id }) => id).toSorted(), ids.toSorted())
  assert.deepEqual(warnings, [])
})

test('contract §4.10: a port with a program that is no model server, or is this one, is left out', async (t) => {
  const web = await startUpstream(t, () => ({ body: '<html></html>' }))
  const us = await startUpstream(t, ({ url }) =>
    url === '/' ? { body: { name: 'droid2api' } } : openAiList('gpt-5.4'),
  )
  const closed = 'http://127.0.0.1:9'

  const { code, report } = await runInit({
    options: { places: { vllm: web.url, llamacpp: us.url, lmstudio: closed } },
  })

  assert.equal(code, 1)
  assert.match(report, new RegExp(`Not used\n {2}llamacpp is this program itself \\(${us.url}\\)`))
  assert.match(report, new RegExp(`a server at ${closed}, ${web.url}`))
})

test('contract §4.10: a server without models says what to do, one with a key gets it', async (t) => {
  const empty = await startUpstream(t, () => openAiList())
  const closed = await startUpstream(t, lister(key, openAiList('local-model')))
  const places = { ollama: empty.url, vllm: closed.url }

  const without = await runInit({ options: { places } })
  const { file } = await runInit({ env: { VLLM_API_KEY: key }, options: { places } })

  assert.match(without.report, /ollama has no models yet: load one, such as by `ollama pull qwen3`/)
  assert.match(without.report, /vllm wants a key \(HTTP 401\) at http/)
  assert.deepEqual(writtenIn(file).endpoints, [
    { name: 'vllm', preset: 'vllm', base_url: closed.url, auth: { env: 'VLLM_API_KEY' } },
  ])
})

test('contract §4.10: the account is found, and keeps its aliases', async () => {
  const { file, report } = await runInit({
    options: { account: 'FACTORY_API_KEY', redirects: { 'gpt-5*': 'gpt-5.4' } },
  })

  const { endpoints, models, model_redirects: redirects } = writtenIn(file)
  assert.deepEqual(endpoints, [{ name: 'factory', preset: 'factory' }])
  assert.deepEqual([...new Set(models.map(({ type }) => type))], ['anthropic', 'openai', 'common'])
  assert.equal(redirects['gpt-5*'], 'gpt-5.4')
  assert.match(redirects['*']!, /sonnet/)
  assert.match(report, /factory {2}FACTORY_API_KEY; 11 models/)
})

test("contract §4.10: OpenRouter's prices come along, for a million tokens", async (t) => {
  const pricing = { prompt: '0.000003', completion: '0.000015', input_cache_read: '0.0000003' }
  const written = { input_cache_write: '0.00000375', input_cache_write_1h: '0.000006' }
  const above = { min_prompt_tokens: 272000, prompt: '0.000006', completion: '0.0000225' }
  const overrides = [above, { min_prompt_tokens: 'many' }, null]
  const data = [
    { id: 'a/b', name: 'A: B', pricing: { ...pricing, ...written } },
    { id: 'a/long', pricing: { ...pricing, overrides } },
    { id: 'openrouter/auto', pricing: { prompt: '-1', completion: '-1' } },
    { id: 'free', pricing: { prompt: '0', completion: '0' } },
    { id: 'pictures', architecture: { output_modalities: ['image'] } },
  ]
  const openrouter = await vendor(t, { body: { data } })

  const { file } = await runInit({
    env: { OPENROUTER_API_KEY: key },
    hosts: { 'openrouter.ai': openrouter.url },
  })

  assert.deepEqual(
    writtenIn(file).models.map(({ id, price }) => [id, price]),
    [
      ['openrouter/auto', undefined],
      ['a/b', { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6 }],
      [
        'a/long',
        {
          input: 3,
          output: 15,
          cache_read: 0.3,
          above: [{ tokens: 272000, input: 6, output: 22.5, cache_read: 0.3 }],
        },
      ],
      ['free', { input: 0, output: 0 }],
    ],
  )
})

test('contract §4.10: of many models fifty are written, the known first, then the newest', async (t) => {
  const data = Array.from({ length: 120 }, (_, index) => ({ id: `m-${index}`, created: index }))
  const deepseek = await vendor(t, {
    body: { data: [...data, { id: 'deepseek-flash', created: 0 }] },
  })

  const { file, report } = await runInit({
    env: { DEEPSEEK_API_KEY: key },
    hosts: { 'api.deepseek.com': deepseek.url },
  })

  const ids = writtenIn(file).models.map(({ id }) => id)
  assert.equal(ids.length, 50)
  assert.deepEqual(ids.slice(0, 3), ['deepseek-flash', 'm-119', 'm-118'])
  assert.match(report, /50 models; 71 more are not written down/)
})

test('contract §4.10: Gemini and Anthropic list in their own ways, and are asked in them', async (t) => {
  const gemini = await vendor(t, {
    body: {
      models: [
        {
          name: 'models/gemini-9',
          displayName: 'Nine',
          supportedGenerationMethods: ['generateContent'],
        },
        { name: 'models/embedding-1', supportedGenerationMethods: ['embedContent'] },
      ],
    },
  })
  const anthropic = await vendor(t, {
    body: {
      data: [
        {
          type: 'model',
          id: 'claude-opus-9',
          display_name: 'Opus 9',
          created_at: '2026-01-01T00:00:00Z',
        },
        {
          type: 'model',
          id: 'claude-haiku-9',
          display_name: 'Haiku 9',
          created_at: '2026-02-01T00:00:00Z',
        },
      ],
    },
  })

  const { file } = await runInit({
    env: { GOOGLE_API_KEY: key, ANTHROPIC_API_KEY: key },
    hosts: {
      'generativelanguage.googleapis.com': gemini.url,
      'api.anthropic.com': anthropic.url,
    },
  })

  const { endpoints, models, model_redirects: redirects } = writtenIn(file)
  assert.equal(gemini.requests[0]?.headers['x-goog-api-key'], key)
  assert.equal(anthropic.requests[0]?.headers['x-api-key'], key)
  assert.equal(anthropic.requests[0].headers['anthropic-version'], '2023-06-01')
  assert.deepEqual(endpoints[1], {
    name: 'gemini',
    preset: 'gemini',
    auth: { env: 'GOOGLE_API_KEY' },
  })
  assert.deepEqual(
    models.map(({ id, type }) => [id, type]),
    [
      ['claude-haiku-9', 'anthropic'],
      ['claude-opus-9', 'anthropic'],
      ['gemini-9', 'google'],
    ],
  )
  assert.equal(redirects['*opus*'], 'claude-opus-9')
})

test('contract §4.10: a gateway gets the token of Claude Code as Bearer, as Claude Code sends it', async (t) => {
  const gateway = await vendor(t, openAiList('claude-sonnet-5-5'))
  const env = { ANTHROPIC_AUTH_TOKEN: key, ANTHROPIC_BASE_URL: 'https://gate.test' }

  const { asked, file, report } = await runInit({ env, hosts: { 'gate.test': gateway.url } })

  assert.equal(asked[0]?.headers.authorization, `Bearer ${key}`)
  assert.equal(asked[0]?.headers['x-api-key'], undefined)
  assert.match(report, /: 1 endpoint, 1 model\. /)
  assert.match(
    readFileSync(file, 'utf8'),
    /"auth": \{ "env": "ANTHROPIC_AUTH_TOKEN", "header": "authorization" \}/,
  )
})

test('contract §4.11: a file that somebody writes while the providers are asked stays', async () => {
  const dir = tempDir()
  const { file } = await runInit({ dir, options: { print: true } })
  const ask = () => {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, 'theirs')
    return Promise.resolve({ status: 200, text: JSON.stringify({ data: [{ id: 'one' }] }) })
  }

  const { code, report } = await runInit({ dir, env: { GROQ_API_KEY: key }, options: { ask } })

  assert.equal(code, 1)
  assert.match(report, /config\.json cannot be written: /)
  assert.equal(readFileSync(file, 'utf8'), 'theirs')
})

test('contract §4.10: a Gemini model that does not answer by generateContent is none', () => {
  const entry = (name: string, supportedGenerationMethods: string[]) => ({
    name,
    supportedGenerationMethods,
  })
  const models = [entry('models/one', ['generateContent']), entry('models/two', ['predict'])]

  const list = modelsIn(JSON.stringify({ models }), [])

  assert.deepEqual(
    list?.models.map(({ id }) => id),
    ['one'],
  )
})
