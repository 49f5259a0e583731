/** `droid2api explain`: the same as a running proxy says, without one; and a line for a shell that really sends it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { App } from '../../lib/app.ts'
import { explainCommand } from '../../lib/cli/explain.ts'
import { partedBy } from '../../lib/explain/secrets.ts'
import { runProgram } from '../helpers/program.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import {
  comparable,
  partsOf,
  recorded,
  send,
  shownParts,
  type Setting,
  type Shown,
} from './setting.ts'

const routes = ['/v1/chat/completions', '/v1/messages', '/v1/responses']
const models = {
  anthropic: 'claude-sonnet-4-5',
  openai: 'gpt-5.1',
  common: 'glm-4.6',
  google: 'gemini-2.5-pro',
}
const types = Object.keys(models) as (keyof typeof models)[]

const key = 'sk-of-the-operator-91ab'
const hostile = `It's "so" $HOME \`id\` $(id) \\n \\' %s %d ☃ é 	 !! *`
const headers = ['accept: */*', "x-mine: it's $HOME \\ % ä", 'x-session-id: s-1', 'x-empty:']

function configAt(url: string) {
  return {
    system_prompt: "You're $OURS.\n",
    endpoints: types.map((type) => ({
      name: `at-${type}`,
      type,
      base_url: `${url}?api_key=a-key-in-the-address`,
      auth: { env: 'THEIR_KEY' },
      headers: { 'x-theirs': "it's 'quoted'", 'x-their-token': 'a-token-of-the-endpoint' },
    })),
    models: types.map((type) => ({ name: type, id: models[type], type, max_output_tokens: 900 })),
    model_redirects: { mine: models.common },
  }
}

const env = { THEIR_KEY: key }
const secrets = [key, 'a-key-in-the-address', 'a-token-of-the-endpoint']

function bodyFor(route: string, model: string, text = hostile): string {
  const turns = [{ role: 'user', content: text }]
  const asked = route === '/v1/responses' ? { input: turns } : { messages: turns, max_tokens: 9000 }
  return JSON.stringify({ model, ...asked, temperature: 0.5 })
}

interface Said {
  code: unknown
  out: string
  err: string
}

/** By the built program. */
async function say(
  t: TestContext,
  config: Record<string, unknown>,
  body: string | Buffer,
  args: string[],
  variables: Record<string, string> = env,
): Promise<Said> {
  const file = path.join(tempDir(), 'request.json')
  writeFileSync(file, body)
  const program = runProgram(t, { args: ['explain', file, ...args], config, env: variables })
  program.process.stdin.end()
  const code = await program.exit
  assert.equal(existsSync(path.join(program.dir, 'data')), false, 'it keeps nothing')
  return { code, out: program.stdout(), err: program.stderr() }
}

async function realRequest({ proxy, sent }: Setting, route: string, body: string) {
  const given = Object.fromEntries(
    headers.map((line) => [
      line.slice(0, line.indexOf(':')),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  )
  await send(proxy.url + route, body, given)
  return sent.pop()!
}

const withHeaders = headers.flatMap((line) => ['--header', line])

for (const route of routes) {
  test(`contract §22.8: what the command shows of ${route} is what a proxy sends, to each type of model`, async (t) => {
    const setting = await recorded(t, (url) => ({ config: configAt(url), env }))
    const config = configAt(setting.url)

    for (const type of types) {
      const body = bodyFor(route, models[type])
      const { code, out } = await say(t, config, body, [
        '--json',
        '--route',
        `${route}?beta=true`,
        ...withHeaders,
      ])
      assert.equal(code, 0, out)
      assert.deepEqual(setting.sent, [])

      const { explain } = JSON.parse(out) as { explain: Shown }
      assert.deepEqual(
        comparable(shownParts(explain, setting.url), []),
        comparable(partsOf(await realRequest(setting, `${route}?beta=true`, body)), secrets),
      )
    }
  })

  test(`contract §22.9: the line for a shell sends what a proxy sends of ${route}, to each type of model`, async (t) => {
    const setting = await recorded(t, (url) => ({ config: configAt(url), env }))
    const config = configAt(setting.url)
    const known = {
      ...env,
      AT_THE_ENDPOINT: 'a-token-of-the-endpoint',
      IN_THE_ADDRESS: 'a-key-in-the-address',
    }

    for (const [index, type] of types.entries()) {
      const body = bodyFor(route, models[type])
      const { code, out, err } = await say(
        t,
        config,
        body,
        ['--curl', '--route', route, ...withHeaders],
        known,
      )
      assert.deepEqual([code, err], [0, ''], out)
      for (const secret of secrets) assert.ok(!out.includes(secret), out)

      await inShell(index % 2 === 0 ? 'sh' : 'bash', out, known)
      const fromShell = setting.sent.pop()!
      assert.deepEqual(sorted(fromShell), sorted(await realRequest(setting, route, body)))
    }
  })
}

async function inShell(shell: string, line: string, variables: Record<string, string>) {
  const { PATH = '' } = process.env
  await promisify(execFile)(shell, ['-c', line], { env: { PATH, HOME: tempDir(), ...variables } })
}

/** But for the order of the headers, and that of the connection, which is curl's own. */
function sorted(request: string) {
  const { line, lines, body } = partsOf(request)
  const named = lines
    .map((one) => one.replace(/^[^:]*/, (name) => name.toLowerCase()).replace(/:\s*/, ': '))
    .filter((one) => !one.startsWith('connection:'))
  return { line, lines: named.toSorted(), body }
}

test('contract §22.9: a long prompt goes through the shell, too', async (t) => {
  const setting = await recorded(t, (url) => ({ config: configAt(url), env }))
  const body = bodyFor('/v1/messages', models.anthropic, "it's long ".repeat(40_000))

  const { out } = await say(t, configAt(setting.url), body, ['--curl', '--route', '/v1/messages'])
  const script = path.join(tempDir(), 'line.sh')
  writeFileSync(script, out)
  const { PATH = '' } = process.env
  await promisify(execFile)('sh', [script], {
    env: {
      PATH,
      HOME: tempDir(),
      ...env,
      AT_ANTHROPIC: 'a-key-in-the-address',
      AT_ANTHROPIC_X_THEIR_TOKEN: 'a-token-of-the-endpoint',
    },
  })

  const sent = partsOf(setting.sent.pop()!)
  assert.ok(sent.body.length > 400_000)
  await send(`${setting.proxy.url}/v1/messages`, body)
  assert.equal(sent.body, partsOf(setting.sent.pop()!).body)
})

test('contract §22.9: a secret is the variable that it came from, else the account’s name', async (t) => {
  const config = {
    accounts: [
      { name: 'work', key: '${ANTHROPIC_KEY_A}', header: 'x-api-key' },
      { name: '2nd.key', key: 'a-key-of-the-file-itself' },
    ],
    endpoints: [
      {
        name: 'e',
        type: 'anthropic',
        base_url: 'http://127.0.0.1:1',
        accounts: ['work', '2nd.key'],
      },
    ],
    models: [{ name: 'M', id: models.anthropic, type: 'anthropic' }],
  }
  const body = bodyFor('/v1/messages', models.anthropic)
  const line = (more: object, variables: Record<string, string>) =>
    say(t, { ...config, ...more }, body, ['--curl', '--route', '/v1/messages'], variables)

  const first = await line({}, { ANTHROPIC_KEY_A: 'sk-ant-of-work-1234' })
  assert.match(first.out, /-H 'x-api-key: '"\$ANTHROPIC_KEY_A"/)
  assert.equal(first.err, '')
  const endpoints = [{ ...config.endpoints[0], accounts: ['2nd.key'] }]
  const second = await line({ endpoints }, { ANTHROPIC_KEY_A: 'sk-ant-of-work-1234' })
  assert.match(second.out, /-H 'authorization: Bearer '"\$_2ND_KEY"/)
  assert.match(second.err, /\$_2ND_KEY/)
  assert.ok(!second.out.includes('a-key-of-the-file'))
})

test('contract §22.8: nothing is asked of a token server, and a login without a token is shown as such', async (t) => {
  const tokens = await startTokenServer(t)
  const config = { ...configAt('http://127.0.0.1:1'), auth: { token_url: tokens.url } }
  const endpoints = config.endpoints.map((one) => Object.assign({}, one, { auth: 'account' }))
  const body = bodyFor('/v1/messages', models.anthropic)

  const { code, out } = await say(
    t,
    { ...config, endpoints },
    body,
    ['--json', '--route', '/v1/messages'],
    {
      DROID_REFRESH_KEY: tokens.refreshToken,
      TOKEN_STORE: 'redis://127.0.0.1:1',
    },
  )

  assert.equal(code, 0, out)
  const { explain } = JSON.parse(out) as { explain: Shown }
  assert.equal(explain.headers!.authorization, 'Bearer ***')
  assert.deepEqual(tokens.requests, [])
})

test('contract §22.8: a login is read where it is kept, and left as it is', async (t) => {
  const token = `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify({ exp: Date.now() / 1000 + 3600 })).toString('base64url')}.signed`
  const file = path.join(tempDir(), 'auth.json')
  const kept = JSON.stringify({ access_token: token, refresh_token: 'rt-of-somebody' })
  writeFileSync(file, kept)
  const config = configAt('http://127.0.0.1:1')
  const endpoints = config.endpoints.map((one) => Object.assign({}, one, { auth: 'account' }))
  const body = bodyFor('/v1/messages', models.anthropic)
  const args = ['--route', '/v1/messages']

  const shown = await say(t, { ...config, endpoints }, body, [...args, '--json'], {
    AUTH_FILE: file,
  })
  const line = await say(t, { ...config, endpoints }, body, [...args, '--curl'], {
    AUTH_FILE: file,
  })

  const { explain } = JSON.parse(shown.out) as { explain: Shown }
  assert.equal(explain.headers!.authorization, 'Bearer ***gned')
  assert.match(line.out, /-H 'authorization: Bearer '"\$DEFAULT"/)
  assert.match(line.err, /\$DEFAULT/)
  assert.equal(readFileSync(file, 'utf8'), kept)
  assert.deepEqual(readdirSync(path.dirname(file)), ['auth.json'])
})

test('contract §22.8: --model takes the place of the one that the request names, and moves no other byte', async (t) => {
  const body = `{ "model" : "nobody-knows",  "messages":[{"role":"user","content":"1.0"}], "max_tokens": 1.50e2 }`
  const config = configAt('http://127.0.0.1:1')

  const { out } = await say(t, config, body, [
    '--json',
    '--route',
    '/v1/messages',
    '--model',
    models.anthropic,
  ])

  const { explain } = JSON.parse(out) as { explain: Shown }
  const asked = body.replace('nobody-knows', models.anthropic)
  assert.ok(explain.body!.endsWith(asked.slice(asked.indexOf('"model"'))), explain.body!)
})

test('contract §22.8: a person sees where it goes first, and nothing that moves the cursor', async (t) => {
  const config = configAt('http://127.0.0.1:1')
  const body = bodyFor('/v1/chat/completions', 'mine', 'A \u009b31m\u202e bell')

  const { code, out } = await say(t, config, body, [])

  assert.equal(code, 0)
  const lines = out.split('\n')
  assert.match(
    lines[0]!,
    /^POST http:\/\/127\.0\.0\.1:1\/v1\/chat\/completions\?api_key=\*\*\*ress, \d+ bytes$/,
  )
  assert.deepEqual(lines.slice(2, 5), [
    'model    mine                  leads to glm-4.6',
    '         glm-4.6 at at-common  serves',
    'account  their_key             serves',
  ])
  assert.ok(lines.indexOf('Changed on the way') < lines.indexOf('Headers'))
  assert.match(out, /^ {2}`model`: "mine" leads to "glm-4\.6" \(`model_redirects`\)\.$/m)
  assert.match(out, /^ {2}authorization: Bearer \*\*\*91ab$/m)
  assert.match(out, /A \ufffd31m\ufffd bell/)
  // oxlint-disable-next-line no-control-regex -- it is these that must not be there
  assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(out.replaceAll('\t', '')))
})

const refusals: [what: string, body: string, args: string[], code: number, words: RegExp][] = [
  [
    'an unknown model',
    '{"model":"glm-4.7","messages":[]}',
    [],
    1,
    /^\{"error":\{"message":"The model \\"glm-4\.7\\" is not configured\. Did you mean \\"glm-4\.6\\"\?/,
  ],
  [
    'an unknown model, in the words of Anthropic',
    '{"model":"x","messages":[]}',
    ['--route', '/v1/messages'],
    1,
    /^\{"type":"error","error":\{"type":"not_found_error"/,
  ],
  [
    'what cannot be translated',
    '{"model":"gpt-5.1","messages":[{"role":"robot","content":"x"}]}',
    [],
    1,
    /"code":"/,
  ],
  [
    'no JSON',
    '{"model": nothing}',
    [],
    2,
    /^explain: \S+request\.json: The request body is not valid JSON: [^\n]*\n$/,
  ],
  ['no object', '[]', [], 2, /^explain: \S+: The request body must be a JSON object\.\n$/],
  ['nothing', '', [], 2, /^explain: \S+: The request body is empty\.[^\n]*\n$/],
  [
    'an unknown route',
    '{}',
    ['--route', '/v1/completions'],
    2,
    /^explain: no models are asked at "\/v1\/completions"[^\n]*\n$/,
  ],
  [
    'a route of another kind',
    '{}',
    ['--route', '/health'],
    2,
    /^explain: no models are asked at "\/health"/,
  ],
  [
    'a broken header',
    '{}',
    ['--header', 'sk-a-key-alone'],
    2,
    /^explain: a --header is not of the form 'name: value'\n$/,
  ],
  ['two forms', '{}', ['--json', '--curl'], 2, /^--json and --curl/],
  ['a flag of another command', '{}', ['--since', '7d'], 2, /^--since goes with usage/],
]

for (const [what, body, args, code, words] of refusals) {
  test(`contract §22.8: ${what} ends with ${code}`, async (t) => {
    const said = await say(t, configAt('http://127.0.0.1:1'), body, args)

    assert.equal(said.code, code, said.err + said.out)
    assert.match(code === 1 ? said.out : said.err, words)
    if (code === 2) assert.equal(said.out, '')
    assert.ok(!said.err.includes('sk-a-key'))
  })
}

test('contract §22.8: a file that is not there ends with 2, in one line', async (t) => {
  for (const file of ['/nowhere/at-all.json', '/']) {
    const program = runProgram(t, {
      args: ['explain', file],
      config: configAt('http://127.0.0.1:1'),
      env,
    })
    assert.equal(await program.exit, 2)
    assert.match(program.stderr(), /^explain: [^\n]+\n$/)
  }
})

test('contract §22.8: a request comes by a pipe, too', async (t) => {
  const body = bodyFor('/v1/chat/completions', models.common)
  for (const args of [
    ['explain', '--json'],
    ['explain', '-', '--json'],
  ]) {
    const program = runProgram(t, { args, config: configAt('http://127.0.0.1:1'), env })
    program.process.stdin.end(`\ufeff${body}`)
    assert.equal(await program.exit, 0, program.stderr())
    const { explain } = JSON.parse(program.stdout()) as { explain: Shown }
    assert.equal(explain.model, models.common)
  }
})

test('contract §22.8: a request in UTF-16, as PowerShell saves it, is read like any other', async (t) => {
  const body = bodyFor('/v1/chat/completions', models.common, 'Grüße')

  const plain = await say(t, configAt('http://127.0.0.1:1'), body, ['--json'])
  const wide = await say(
    t,
    configAt('http://127.0.0.1:1'),
    Buffer.from(`\ufeff${body}`, 'utf16le'),
    ['--json'],
  )

  assert.match(wide.out, /Grüße/)
  assert.deepEqual([wide.code, bodyIn(wide)], [0, bodyIn(plain)])
})

function bodyIn({ out }: Said): string | null {
  return (JSON.parse(out) as { explain: Shown }).explain.body
}

test('contract §22.8: nobody is left waiting at a keyboard', async () => {
  const flags = { file: undefined, route: undefined, headers: [], curl: false }
  const line = { explain: flags, model: undefined, json: false }
  const surroundings = { env: {}, isTerminal: true, isKeyboard: true }

  const { code, err } = await explainCommand(line, {} as App, surroundings)

  assert.equal(code, 2)
  assert.match(err, /^explain: no request: name a file/)
})

test('contract §22.8: the header by which a proxy is asked for an explanation is no part of the request', async (t) => {
  const body = bodyFor('/v1/chat/completions', models.common)
  const args = ['--json', '--header', 'x-droid2api-explain: yes']

  const { code, out } = await say(t, configAt('http://127.0.0.1:1'), body, args)

  assert.equal(code, 0)
  assert.doesNotMatch(out, /x-droid2api-explain/)
})

test('contract §22.8: of a longer body curl is told not to ask first, as some versions would', async (t) => {
  const config = configAt('http://127.0.0.1:1')
  const line = async (text: string) =>
    (await say(t, config, bodyFor('/v1/chat/completions', models.common, text), ['--curl'])).out

  assert.match(await line('x'.repeat(1024)), / -H 'expect:'/)
  assert.doesNotMatch(await line('x'), /expect/)
})

test('contract §22.6: a short secret is one in its own place alone', () => {
  const secret = { value: 'cat', name: 'KEY', place: 'authorization' }

  assert.deepEqual(partedBy('a cat', 'x-note', [secret]), ['a cat'])
  assert.deepEqual(partedBy('a cat', 'authorization', [secret]), ['a ', secret])
})
