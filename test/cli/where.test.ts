/** The program and the files around it: whose configuration it reads, from wherever it is started. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { installProgram } from '../helpers/built-program.ts'
import { runProgram } from '../helpers/program.ts'
import { post } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const hello = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }
const models = [{ name: 'M', id: 'm', type: 'anthropic' }]

function answering(t: TestContext) {
  return startUpstream(t, () => ({ body: JSON.stringify(anthropicMessage({ text: ['hi'] })) }))
}

function configTo(url: string, tokenUrl: string) {
  const endpoint = { name: 'anthropic', type: 'anthropic', base_url: url, auth: 'account' }
  return { models, endpoints: [endpoint], auth: { token_url: tokenUrl }, system_prompt: '' }
}

/** A copy of the program with files of its own beside it. */
function installed(t: TestContext, files: Record<string, string>) {
  const dir = tempDir()
  const program = installProgram(dir)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    writeFileSync(path.join(dir, name), text)
  }
  return { dir, program }
}

for (const login of ['an auth file', 'DROID_REFRESH_KEY', 'FACTORY_API_KEY'] as const) {
  test(`O41: started in somebody else’s folder, nothing of ${login} goes where its config.json says`, async (t) => {
    const evil = await answering(t)
    const good = await answering(t)
    const [evilTokens, tokens] = [await startTokenServer(t), await startTokenServer(t)]
    const own = installed(t, { 'config.json': JSON.stringify(configTo(good.url, tokens.url)) })
    const home = tempDir()
    mkdirSync(path.join(home, '.factory'))
    const file = { access_token: 'at_0', refresh_token: tokens.refreshToken }
    if (login === 'an auth file') {
      const place = path.join(home, '.factory', 'auth.json')
      const nineHoursAgo = Date.now() / 1000 - 9 * 3600
      writeFileSync(place, JSON.stringify(file))
      utimesSync(place, nineHoursAgo, nineHoursAgo)
    }

    const program = runProgram(t, {
      program: own.program,
      config: { ...configTo(evil.url, evilTokens.url), host: '0.0.0.0' },
      env: {
        HOME: home,
        PORT: '0',
        ...(login === 'DROID_REFRESH_KEY' && { [login]: tokens.refreshToken }),
        ...(login === 'FACTORY_API_KEY' && { [login]: 'fk-the-account' }),
      },
    })
    const line = await program.line('listening')
    const answer = await post(`${String(line.url)}/v1/messages`, hello)

    assert.equal(answer.status, 200)
    assert.equal(line.config, path.join(own.dir, 'config.json'))
    assert.match(String(line.url), /127\.0\.0\.1/)
    assert.match(program.stdout(), /config\.json is not read, since it only lies in the current/)
    assert.deepEqual([evil.requests.length, evilTokens.requests.length], [0, 0])
    const sent = login === 'FACTORY_API_KEY' ? 'fk-the-account' : tokens.accessToken
    assert.equal(good.requests[0]?.headers.authorization, `Bearer ${sent}`)
  })
}

test('O41: the banner names the configuration, and --config reads the one in the current folder', async (t) => {
  const own = installed(t, {})
  const upstream = await answering(t)
  const program = runProgram(t, {
    program: own.program,
    args: ['--config', 'config.json'],
    config: { ...configTo(upstream.url, upstream.url), auth: {} },
    terminal: true,
  })
  await program.url()

  assert.ok(program.stdout().includes(`\nConfiguration: ${program.dir}/config.json\n`))
})

test('contract §3.2: serve, check, env and demo read .env of the program’s folder and of DATA_DIR', async (t) => {
  const own = installed(t, { '.env': 'HOST=127.0.0.2\nAPI_KEYS="k-of-the-program-1"\n' })
  const data = tempDir()
  writeFileSync(path.join(data, '.env'), 'PORT=0\nFACTORY_API_KEY=fk-of-the-data-1\n')
  const run = (...args: string[]) =>
    runProgram(t, { program: own.program, args, env: { DATA_DIR: data } })

  const checked = run('check')
  const shell = run('env', 'openai')
  await Promise.all([checked.exit, shell.exit])
  const [served, demo] = [run(), run('demo')]
  const lines = [await served.line('listening'), await demo.line('listening')]

  assert.match(checked.stdout(), /ok +account: factory_api_key\n/)
  assert.ok(checked.stdout().includes(`variables: also from ${own.dir}/.env\n`))
  assert.ok(checked.stdout().includes(`variables: also from ${data}/.env\n`))
  assert.match(shell.stdout(), /OPENAI_BASE_URL=http:\/\/127\.0\.0\.2:0\/v1 .*DROID2API_KEY:\?/)
  for (const line of lines) {
    assert.match(String(line.url), /^http:\/\/127\.0\.0\.2:/)
    assert.deepEqual(line.env_files, [path.join(own.dir, '.env'), path.join(data, '.env')])
    assert.equal((await fetch(`${String(line.url)}/v1/models`)).status, 401)
  }
})

test('contract §3.2: the way out may stand in .env, and a reload reads the file again', async (t) => {
  const upstream = 'http://upstream.test'
  const own = installed(t, {
    'config.json': JSON.stringify({ ...configTo(upstream, upstream), auth: {} }),
    '.env': 'HTTP_PROXY=http://127.0.0.1:1\nAPI_KEYS=k-before-0815\nPORT=0\n',
  })
  const program = runProgram(t, { program: own.program, env: { FACTORY_API_KEY: 'fk-mine-1234' } })
  const url = await program.url()
  const ask = (key: string) => post(`${url}/v1/messages`, hello, { authorization: `Bearer ${key}` })

  const refused = await ask('k-before-0815')
  writeFileSync(path.join(own.dir, '.env'), 'API_KEYS=k-after-0815\nPORT=0\n')
  program.process.kill('SIGHUP')
  await program.line('configuration read again')

  assert.equal(refused.status, 502)
  assert.match(await refused.text(), /the proxy 127\.0\.0\.1:1 cannot be reached/)
  assert.equal((await ask('k-before-0815')).status, 401)
  assert.equal((await ask('k-after-0815')).status, 502)
})

const factory = 'https://api.factory.ai/api/llm'

/** The folder as the original leaves it, its files as its repository and its users have them. */
const original = {
  'config.json': JSON.stringify({
    port: 3000,
    model_redirects: { 'claude-sonnet-4-5': 'claude-sonnet-4-5-20250929' },
    endpoint: [
      { name: 'openai', base_url: `${factory}/o/v1/responses` },
      { name: 'anthropic', base_url: `${factory}/a/v1/messages` },
      { name: 'common', base_url: `${factory}/o/v1/chat/completions` },
    ],
    proxies: [],
    models: [
      {
        name: 'Sonnet 4.5',
        id: 'claude-sonnet-4-5-20250929',
        type: 'anthropic',
        reasoning: 'auto',
        provider: 'anthropic',
      },
      { name: 'Opus Fast', id: 'claude-opus-4-6-fast', type: 'anthropic', fast: true },
      { name: 'GPT-5.4', id: 'gpt-5.4', type: 'openai', reasoning: 'auto', provider: 'openai' },
      { name: 'GLM-5', id: 'glm-5', type: 'common', reasoning: 'off', provider: 'fireworks' },
    ],
    dev_mode: false,
    user_agent: 'factory-cli/0.84.0',
    system_prompt: 'You are Droid, an AI software engineering agent built by Factory.\n\n',
  }),
  '.env': [
    '# 认证配置（按优先级选择其一）',
    'FACTORY_API_KEY=your_factory_api_key_here',
    'DROID_REFRESH_KEY=rt-of-a-user-0815',
  ].join('\r\n'),
  'docker-compose.yml':
    'services:\n  droid2api:\n    build: .\n    volumes:\n      - ./data:/app/data\n',
  'start.bat': 'npm start\r\n',
}

test('O1: in front of a folder as the original leaves it, check says in one line each what to change', async (t) => {
  const own = installed(t, original)
  const program = runProgram(t, { program: own.program, args: ['check'], env: { PORT: '0' } })

  assert.equal(await program.exit, 0, program.stdout())
  const said = program.stdout().replaceAll(`${own.dir}/`, '').split('\n')
  assert.ok(said.includes('ok      configuration: config.json, 4 models'), program.stdout())
  assert.deepEqual(
    said.filter((line) => line.startsWith('warning') && !line.includes('is not read, since')),
    [
      'warning .env: FACTORY_API_KEY is an example value and counts as not set',
      'warning config.json: user_agent is a key of the original and not read: the client\'s own is sent; headers of an endpoint can hold another "user-agent"',
    ],
  )
  assert.match(program.stdout(), /endpoint anthropic \(\S+a\/v1\/messages\): the account's token/)
  assert.match(program.stdout(), /account: droid_refresh_key/)
})

test('O1: in front of such a folder it serves', async (t) => {
  const upstream = await answering(t)
  const tokens = await startTokenServer(t)
  const config = original['config.json'].replaceAll(
    /"base_url":"https:\/\/api\.factory\.ai([^"]+)"/g,
    `"base_url":"${upstream.url}$1","auth":"account"`,
  )
  const dotEnv = original['.env'].replace('rt-of-a-user-0815', tokens.refreshToken)
  const own = installed(t, { ...original, 'config.json': config, '.env': dotEnv })
  const program = runProgram(t, {
    program: own.program,
    env: { PORT: '0', TOKEN_URL: tokens.url },
  })
  const url = await program.url()

  const answer = await post(`${url}/v1/messages`, { ...hello, model: 'claude-sonnet-4-5' })

  assert.equal(answer.status, 200)
  assert.equal(upstream.requests[0]?.url, '/api/llm/a/v1/messages')
  assert.equal(upstream.requests[0]?.headers.authorization, `Bearer ${tokens.accessToken}`)
  const sent = upstream.requests[0]?.json() as { model: string } | undefined
  assert.equal(sent?.model, 'claude-sonnet-4-5-20250929')
})

test('O8: check of a YAML file of a fork calls it YAML', async (t) => {
  const own = installed(t, { 'app.yaml': 'port: 3000\nmodels: []\n' })
  const program = runProgram(t, {
    program: own.program,
    args: ['check', '--config', path.join(own.dir, 'app.yaml')],
  })

  assert.equal(await program.exit, 1)
  assert.match(
    program.stdout(),
    /error +configuration: .*app\.yaml: this is YAML; the configuration/,
  )
})

test('contract §4.2: check warns of a .env that every user of the machine can read, unless its folder keeps them out', async (t) => {
  const ways = path.dirname(tempDir())
  if ((statSync(ways).mode & 0o001) === 0) return t.skip('nobody else comes here')
  const [open, closed] = [0o755, 0o700].map((mode) => {
    const dir = tempDir()
    writeFileSync(path.join(dir, '.env'), 'FACTORY_API_KEY=fk-of-the-data-1\n', { mode: 0o644 })
    chmodSync(dir, mode)
    return runProgram(t, { args: ['check'], env: { DATA_DIR: dir } })
  })
  await Promise.all([open!.exit, closed!.exit])

  assert.match(open!.stdout(), /warning variables: also from (.*), which every .*: chmod 600 \1\n/)
  assert.match(closed!.stdout(), /ok +variables: also from .*\.env\n/)
})
