/** `droid2api init` as a program, and the next command, which has to work as it is printed. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../helpers/program.ts'
import { post } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startUpstream, type Answer, type RecordedRequest } from '../helpers/upstream.ts'
import { openAiList } from './stand-ins.ts'

const key = 'key-of-the-operator-3f9a1c7e55'

/** A server of Chat Completions: its list, and what it says as a stream. */
function chatServer(name: string, ...ids: string[]) {
  return ({ method, url }: RecordedRequest): Answer => {
    if (method === 'GET') return openAiList(...ids)
    if (url !== '/v1/chat/completions') return { status: 404, body: '404 page not found' }
    const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: ids[0] }
    const choice = (delta: object, reason: string | null = null) => ({
      ...chunk,
      choices: [{ index: 0, delta, finish_reason: reason }],
    })
    const said = [choice({ role: 'assistant', content: `from ${name}` }), choice({}, 'stop')]
    return { sse: [...said.map((one) => `data: ${JSON.stringify(one)}\n\n`), 'data: [DONE]\n\n'] }
  }
}

const ollama = chatServer('ollama', 'qwen3:8b', 'nomic-embed-text:latest')
const gateway = chatServer('openai', 'gpt-5.4', 'whisper-1')

/** Nothing without the key. */
function openai(request: RecordedRequest): Answer {
  const isGood = request.headers.authorization === `Bearer ${key}`
  return isGood ? gateway(request) : { status: 401, body: { error: {} } }
}

/** A machine with an Ollama and one key; a run of the program there. */
async function machine(t: TestContext) {
  const [local, vendor] = await Promise.all([startUpstream(t, ollama), startUpstream(t, openai)])
  const dir = tempDir()
  const env = {
    CONFIG_FILE: '',
    DATA_DIR: path.join(dir, 'data'),
    OLLAMA_HOST: local.url,
    OPENAI_API_KEY: key,
    OPENAI_BASE_URL: `${vendor.url}/v1`,
  }
  const run = (...args: string[]) => runProgram(t, { args, env, config: {} })
  const file = path.join(dir, 'data', 'config.json')
  return { run, file, dir }
}

const only = ['--preset', 'ollama', '--preset', 'openai']

test('contract §4.10: an Ollama and one key, init, serve: a client of Messages is answered by both', async (t) => {
  const { run, file } = await machine(t)

  const init = run('init', ...only)
  assert.equal(await init.exit, 0, init.stderr())
  assert.match(init.stdout(), new RegExp(`Wrote ${file}: 2 endpoints, 2 models`))
  const { $schema: schema } = JSON.parse(readFileSync(file, 'utf8')) as { $schema: string }
  assert.match(readFileSync(fileURLToPath(schema), 'utf8'), /"title": "config\.json of droid2api"/)
  const server = run('serve', '--port', '0')
  const url = await server.url()

  const ask = async (model: string) => {
    const messages = [{ role: 'user', content: 'Hello' }]
    const body = { model, max_tokens: 64, stream: true, messages }
    return await (await post(`${url}/v1/messages`, body)).text()
  }
  assert.match(await ask('qwen3:8b'), /from ollama/)
  assert.match(await ask('gpt-5.4'), /from openai/)
  // what Claude Code asks for by itself
  assert.match(await ask('claude-haiku-4-5-20251001'), /from openai/)
  assert.match(await ask('claude-sonnet-5-5'), /from openai/)
  assert.doesNotMatch(readFileSync(file, 'utf8') + init.stdout(), new RegExp(key))
})

test('contract §4.11: init a second time changes nothing', async (t) => {
  const { run, file } = await machine(t)
  await run('init', ...only).exit
  const before = readFileSync(file, 'utf8')

  const again = run('init')

  assert.equal(await again.exit, 0)
  assert.match(again.stdout(), /is there already, so nothing is changed/)
  assert.equal(readFileSync(file, 'utf8'), before)
})

test('contract §4.10: check passes with what init wrote, also offline', async (t) => {
  const { run, file } = await machine(t)

  assert.equal(
    await run('init', '--offline', '--preset', 'deepseek', '--preset', 'mistral').exit,
    0,
  )
  const check = run('check', '--port', '0')

  assert.equal(await check.exit, 0, check.stdout())
  assert.match(check.stdout(), new RegExp(`configuration: ${file}, 4 models`))
  assert.match(check.stdout(), /MISTRAL_API_KEY is not set; endpoint mistral needs it/)
})

test('contract §4.10: --print has the configuration alone on stdout; --out is where the next command looks', async (t) => {
  const { run, file, dir } = await machine(t)
  const out = path.join(dir, 'my own.json')

  const printed = run('init', '--print', ...only)
  const elsewhere = run('init', '--out', out, ...only)

  assert.equal(await printed.exit, 0)
  assert.equal((JSON.parse(printed.stdout()) as { models: unknown[] }).models.length, 2)
  assert.match(printed.stderr(), /^Found\n/)
  assert.equal(await elsewhere.exit, 0)
  assert.equal(existsSync(file), false)
  assert.match(elsewhere.stdout(), new RegExp(`\\n {2}node .* --config '${out}'\\n`))
})

test('contract §4.10: the account is found where serve would find it', async (t) => {
  const dir = tempDir()
  const env = { CONFIG_FILE: '', DATA_DIR: dir, FACTORY_API_KEY: 'fk-3f9a1c7e55d0' }

  const init = runProgram(t, { args: ['init', '--preset', 'factory'], env })

  assert.equal(await init.exit, 0, init.stdout())
  assert.match(init.stdout(), /factory {2}FACTORY_API_KEY; 11 models/)
  const check = runProgram(t, { args: ['check', '--port', '0'], env })
  assert.equal(await check.exit, 0)
  assert.match(
    check.stdout(),
    /endpoint factory \(https:\/\/api\.factory\.ai\/api\/llm\/a\/v1\/messages, .*\): the account's token/,
  )
})

test('contract §4.10: a broken configuration elsewhere does not keep init from its work', async (t) => {
  const { dir } = await machine(t)
  const out = path.join(dir, 'new.json')

  const init = runProgram(t, {
    args: ['init', '--preset', 'groq', '--out', out, '--offline'],
    config: '{ broken',
  })

  assert.equal(await init.exit, 0, init.stderr())
})

test('contract §4.10: the ~ of --out is the home, which no shell makes of it behind a =', async (t) => {
  const init = runProgram(t, {
    args: ['init', '--preset', 'groq', '--out=~/mine.json', '--offline'],
  })

  assert.equal(await init.exit, 0, init.stderr())
  assert.ok(existsSync(path.join(init.dir, 'mine.json')))
  assert.ok(!existsSync(path.join(init.dir, '~')))
})

const wrong: [args: string[], says: RegExp][] = [
  [['init', '--preset', 'deepsek'], /^--preset deepsek is not known\. Did you mean deepseek\?/],
  [['init', '--config', 'x.json'], /^init reads no configuration; where it writes one is --out/],
  [['check', '--force'], /^--force goes with init/],
]

for (const [args, says] of wrong) {
  test(`contract §4.10: ${args.join(' ')}: exit 2`, async (t) => {
    const program = runProgram(t, { args })

    assert.equal(await program.exit, 2)
    assert.match(program.stderr(), says)
  })
}
