/** `droid2api env`: lines that a real shell evaluates, and that point a client at the proxy. */
import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { likelyShell, shells } from '../../lib/setup/shells.ts'
import { need, skipWithout } from '../helpers/packaged-server.ts'
import { runProgram, type ProgramOptions } from '../helpers/program.ts'
import { startProxy } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'

/** What `env` prints with these arguments: its line, and the note beside it. */
async function told(t: TestContext, args: string[], options: ProgramOptions = {}) {
  const program = runProgram(t, { ...options, args: ['env', ...args] })
  assert.equal(await program.exit, 0, program.stderr())
  return { line: program.stdout(), note: program.stderr() }
}

/** What `sh` prints after it evaluated the line. */
function evaluated(line: string, script: string, env: Record<string, string> = {}): string {
  const { PATH } = process.env
  return execFileSync('sh', ['-c', `eval "$LINE"; ${script}`], {
    env: { PATH, LINE: line, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

const show = 'echo "$ANTHROPIC_BASE_URL $ANTHROPIC_AUTH_TOKEN $OPENAI_BASE_URL $OPENAI_API_KEY"'

test('env claude and env openai are one line each, which a shell takes', async (t) => {
  const claude = runProgram(t, { args: ['env', 'claude', '-p', '4000'] })
  const openai = runProgram(t, { args: ['env', 'openai', '--host', '0.0.0.0', '-p', '4000'] })

  assert.deepEqual([await claude.exit, await openai.exit], [0, 0])
  assert.equal(evaluated(claude.stdout(), show), 'http://127.0.0.1:4000 any  \n')
  assert.equal(evaluated(openai.stdout(), show), '  http://localhost:4000/v1 any\n')
  assert.equal(evaluated(claude.stdout(), 'echo $ANTHROPIC_MODEL'), 'claude-opus-5-5\n')
})

const shipped = path.join(import.meta.dirname, '..', '..', 'config.json')
const models = 'echo "$ANTHROPIC_MODEL $ANTHROPIC_DEFAULT_HAIKU_MODEL $OPENAI_MODEL"'

for (const model of ['claude-haiku-5-5', 'gpt-5.4', 'glm-4.6', 'gemini-3-pro', 'gpt-5.1[1m]']) {
  test(`any-client §12: env points every client at ${model}`, async (t) => {
    const args = ['--model', model, '-p', '4000', '-c', shipped]
    const claude = runProgram(t, { args: ['env', 'claude', ...args] })
    const codex = runProgram(t, { args: ['env', 'codex', ...args] })
    const openai = runProgram(t, { args: ['env', 'openai', ...args] })

    assert.deepEqual([await claude.exit, await codex.exit, await openai.exit], [0, 0, 0])
    // the shipped redirects know what Claude Code calls its small model
    assert.equal(evaluated(claude.stdout(), models), `${model}  \n`)
    assert.equal(evaluated(openai.stdout(), models), `  ${model}\n`)
    const wrapped = `command() { printf '%s\\n' "$@"; }; ${codex.stdout()}`
    assert.deepEqual(evaluated(wrapped, 'codex').split('\n').slice(0, 3), ['codex', '-m', model])
  })
}

test('contract §4.9: no client waits for a window that a foreign model has not', async (t) => {
  const line = async (client: string, model: string) =>
    (await told(t, [client, '--model', model, '-c', shipped])).line
  const window = 'echo "$CLAUDE_CODE_MAX_CONTEXT_TOKENS"'
  const mine = { CLAUDE_CODE_MAX_CONTEXT_TOKENS: '1000000' }
  const glm = await line('claude', 'glm-4.6')

  assert.equal(evaluated(glm, window), '200000\n')
  assert.equal(evaluated(glm, window, mine), '1000000\n')
  assert.equal(evaluated(await line('claude', 'claude-opus-5-5'), window), '\n')
  assert.match(await line('codex', 'glm-4.6'), / -c model_context_window=200000 /)
  assert.doesNotMatch(await line('codex', 'gpt-5.4'), /window/)
})

test('contract §4.9: Claude Code asks no foreign model to check the actions of its auto mode', async (t) => {
  const line = async (model: string) =>
    (await told(t, ['claude', '--model', model, '-c', shipped])).line
  const checks = 'echo "$CLAUDE_CODE_AUTO_MODE_SERVER"'
  const glm = await line('glm-4.6')

  assert.equal(evaluated(glm, checks), '0\n')
  assert.equal(evaluated(glm, checks, { CLAUDE_CODE_AUTO_MODE_SERVER: '1' }), '1\n')
  assert.equal(evaluated(await line('claude-opus-5-5'), checks), '\n')
})

test('contract §4.9: env says of a model that only the demo has it, and refuses one that nothing has', async (t) => {
  const demo = runProgram(t, { args: ['env', 'claude', '--model', 'gemini-3-pro'] })
  const wrong = runProgram(t, { args: ['env', 'claude', '--model', 'gpt-5.5x'], config: own })

  assert.deepEqual([await demo.exit, await wrong.exit], [0, 2])
  assert.match(
    demo.stderr(),
    /^Only the demo has the model gemini-3-pro; .*config\.json has not\.$/m,
  )
  assert.equal(wrong.stdout(), '')
  assert.match(
    wrong.stderr(),
    /^--model gpt-5\.5x is not in .*\. Did you mean gpt-5\.4\? It has: gpt-5\.4\n/,
  )
})

/** As of a user with models of one type alone. */
const own = {
  models: [{ name: 'GPT', id: 'gpt-5.4', type: 'openai' }],
  endpoints: [{ name: 'own', type: 'openai', base_url: 'http://127.0.0.1:1', auth: 'none' }],
  model_redirects: { '*haiku*': 'gpt-5.4' },
}

test('contract §4.9: Claude Code is given a model also where none is Claude’s, and no name that leads nowhere', async (t) => {
  const { line } = await told(t, ['claude'], { config: own })

  const tiers =
    'echo "$ANTHROPIC_MODEL $ANTHROPIC_DEFAULT_OPUS_MODEL $ANTHROPIC_DEFAULT_SONNET_MODEL"'
  assert.equal(evaluated(line, tiers), 'gpt-5.4 gpt-5.4 gpt-5.4\n')
  assert.equal(evaluated(line, 'echo "$ANTHROPIC_DEFAULT_HAIKU_MODEL"'), '\n')
})

test('with client keys the user’s own is asked for, and none is printed', async (t) => {
  const { line } = await told(t, ['claude'], {
    config: { port: 3000, api_keys: ['a-client-key-1'] },
  })

  assert.doesNotMatch(line, /a-client-key-1/)
  assert.equal(evaluated(line, show, { DROID2API_KEY: 'mine' }), 'http://127.0.0.1:3000 mine  \n')
  assert.throws(() => evaluated(line, show))
})

test('with no account the user’s own key is passed on, and the demo is content without', async (t) => {
  const { line, note } = await told(t, ['claude'], { config: { port: 3000 } })

  assert.equal(evaluated(line, show, { DROID2API_KEY: 'mine' }), 'http://127.0.0.1:3000 mine  \n')
  assert.equal(evaluated(line, show), 'http://127.0.0.1:3000 any  \n')
  assert.match(note, /^No account: set DROID2API_KEY to your own key.*\n$/)
})

/** What the wrapped command is started with, and the key it finds in its environment. */
function codexWords(line: string, env: Record<string, string> = {}): string[] {
  const command = `command() { shift; printf '%s\\n' "$@" "$DROID2API_KEY"; }`
  return evaluated(`${command}; ${line}`, 'codex exec hello', env).split('\n').slice(2, -1)
}

const provider = (more: string) =>
  `model_providers.droid2api={name="droid2api",base_url="http://127.0.0.1:4000/v1",wire_api="responses"${more}}`

test('env codex wraps the command, with its own arguments behind', async (t) => {
  const { line, note } = await told(t, ['codex', '-p', '4000'], {
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })

  const start = ['-c', 'model_provider=droid2api', '-c', provider('')]
  assert.deepEqual(codexWords(line), [...start, 'exec', 'hello', ''])
  assert.equal(note, '')
})

test('env codex without an account hands on the user’s own key', async (t) => {
  const { line } = await told(t, ['codex', '-p', '4000'])

  assert.equal(codexWords(line)[3], provider(',env_key="DROID2API_KEY"'))
  assert.equal(codexWords(line).at(-1), 'any')
  assert.equal(codexWords(line, { DROID2API_KEY: 'mine' }).at(-1), 'mine')
})

const withProxy = { http_proxy: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' }

test('contract §4.13: in a shell with an HTTP proxy the line leads around it, and what NO_PROXY names stays', async (t) => {
  const { url } = await startProxy(t)
  const { port } = new URL(url)
  const env = { ...withProxy, NO_PROXY: 'corp.example' }
  const line = async (client: string, more: Record<string, string>) =>
    (await told(t, [client, '-p', port], { env: more })).line
  // curl reads http_proxy and no_proxy in small letters
  const ask = async (LINE: string) =>
    await promisify(execFile)('sh', ['-c', 'eval "$LINE"; curl -sf "$OPENAI_BASE_URL/models"'], {
      env: { PATH: process.env.PATH, LINE, ...env },
    })

  const around = await line('openai', env)

  assert.match((await ask(around)).stdout, /"object":"list"/)
  await assert.rejects(ask(await line('openai', {})))
  assert.equal(
    evaluated(around, 'echo $NO_PROXY $no_proxy'),
    'corp.example,127.0.0.1 corp.example,127.0.0.1\n',
  )
  assert.match(
    await line('codex', env),
    / NO_PROXY='corp\.example,127\.0\.0\.1' no_proxy='\S+' command codex /,
  )
  for (const named of ['127.0.0.0/8', '*']) {
    assert.doesNotMatch(await line('claude', { ...withProxy, NO_PROXY: named }), /NO_PROXY/)
  }
})

test('contract §4.13: the start on a terminal says what a client behind an HTTP proxy needs', async (t) => {
  const program = runProgram(t, { env: withProxy, terminal: true })
  await program.url()
  const direct = runProgram(t, { terminal: true })
  await direct.url()

  assert.match(
    program.stdout(),
    /^Behind an HTTP proxy a client needs NO_PROXY=127\.0\.0\.1, too; node \S+droid2api\.js env sets it\.$/m,
  )
  assert.doesNotMatch(direct.stdout(), /NO_PROXY/)
})

const skip = skipWithout('fish')

test('contract §4.14: the lines for fish are what fish takes', { skip }, async (t) => {
  const line = async (client: string, config = {}) => {
    const args = [client, '-p', '4000', '--model', 'gpt-5.4']
    const env = { SHELL: '/usr/bin/fish' }
    return (await told(t, args, { env, config: { port: 3000, ...config } })).line
  }
  const fish = (first: string, script: string, env = {}) =>
    spawnSync(need('fish'), ['--no-config', '-c', `${first}; ${script}`], {
      env: { PATH: process.env.PATH, HOME: tempDir(), ...env },
      encoding: 'utf8',
    }).stdout
  const shown = 'echo $ANTHROPIC_BASE_URL $ANTHROPIC_AUTH_TOKEN $CLAUDE_CODE_MAX_CONTEXT_TOKENS'
  const claude = await line('claude')

  assert.equal(fish(claude, shown), 'http://127.0.0.1:4000 any 200000\n')
  assert.equal(
    fish(claude, shown, { DROID2API_KEY: 'my key' }),
    'http://127.0.0.1:4000 my key 200000\n',
  )
  const dir = tempDir()
  writeFileSync(path.join(dir, 'codex'), '#!/bin/sh\nprintf "%s\\n" "$@" "$DROID2API_KEY"\n', {
    mode: 0o755,
  })
  const PATH = `${dir}:${process.env.PATH}`
  const words = fish(await line('codex'), "codex exec 'it is'", { PATH, DROID2API_KEY: 'mine' })
  assert.deepEqual(
    words.split('\n'),
    ['-m', 'gpt-5.4', '-c', 'model_provider=droid2api', '-c'].concat(
      provider(',env_key="DROID2API_KEY"'),
      ['exec', 'it is', 'mine', ''],
    ),
  )
  const strict = await line('openai', { api_keys: ['a-client-key-1'] })
  assert.equal(fish(strict, 'echo $OPENAI_API_KEY', { DROID2API_KEY: 'k' }), 'k\n')
  assert.equal(fish(strict, 'echo $OPENAI_API_KEY'), '\n')
})

test('contract §4.14: the lines for PowerShell have its own words and quotes', async (t) => {
  const line = async (...args: string[]) => {
    const env = { SHELL: '/bin/bash' }
    return (await told(t, [...args, '-p', '4000', '--shell', 'powershell'], { env })).line
  }

  const key = "$(if ($env:DROID2API_KEY) { $env:DROID2API_KEY } else { 'any' })"
  assert.equal(
    await line('openai', '-m', 'gpt-5.4'),
    `$env:OPENAI_BASE_URL = 'http://127.0.0.1:4000/v1'; $env:OPENAI_API_KEY = ${key}; $env:OPENAI_MODEL = 'gpt-5.4'\n`,
  )
  const toml = `{name=''droid2api'',base_url=''http://127.0.0.1:4000/v1'',wire_api=''responses'',env_key=''DROID2API_KEY''}`
  assert.equal(
    await line('codex'),
    `function codex { $env:DROID2API_KEY = ${key}; & (Get-Command codex -CommandType Application | Select-Object -First 1) '-m' 'gpt-5.4' '-c' 'model_provider=droid2api' '-c' 'model_providers.droid2api=${toml}' @args }\n`,
  )
  assert.equal(shells.powershell.exports([['A', 'it’s']]), "$env:A = 'it’’s'")
  assert.equal(
    shells.powershell.exports([['A', { variable: 'B', otherwise: undefined }]]),
    "$env:A = $(if ($env:B) { $env:B } else { throw 'B: set it to one of the api_keys' })",
  )
})

test('contract §4.14: without --shell it is the one of SHELL, on Windows PowerShell', () => {
  assert.equal(likelyShell({ SHELL: '/usr/local/bin/fish' }, 'darwin'), 'fish')
  assert.equal(likelyShell({ SHELL: '/bin/zsh' }, 'linux'), 'sh')
  assert.equal(likelyShell({}, 'linux'), 'sh')
  assert.equal(likelyShell({}, 'win32'), 'powershell')
  // as Git's shell there
  assert.equal(likelyShell({ SHELL: '/usr/bin/bash' }, 'win32'), 'sh')
})

test('contract §4.15: where Claude Code would find a second key, env says so, and keeps it for other programs', async (t) => {
  const config = { port: 3000, api_keys: ['a-client-key-1'] }
  const env = { ANTHROPIC_API_KEY: 'sk-ant-mine' }
  const { note, line } = await told(t, ['claude'], { env, config })
  const inPowershell = await told(t, ['claude', '--shell', 'powershell'], { env, config })

  assert.match(note, /^ANTHROPIC_API_KEY is set here, too: .* env -u ANTHROPIC_API_KEY claude\n$/)
  assert.match(inPowershell.note, / Start it without: Remove-Item Env:ANTHROPIC_API_KEY; claude\n$/)
  assert.doesNotMatch(line, /ANTHROPIC_API_KEY/)
  assert.equal((await told(t, ['claude'], { config })).note, '')
  assert.equal((await told(t, ['codex'], { env, config })).note, '')
})
