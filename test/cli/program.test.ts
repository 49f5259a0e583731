/** The program from outside: command line, exit codes, signals. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { parseCommandLine } from '../../lib/cli/usage.ts'
import { oneUpstream, post } from '../helpers/proxy.ts'
import { freePort } from '../helpers/free-port.ts'
import { runProgram } from '../helpers/program.ts'
import { isServed, until } from '../helpers/until.ts'
import { anthropicStream, startUpstream } from '../helpers/upstream.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')
const ask = {
  model: 'claude-sonnet-4-5',
  stream: true,
  messages: [{ role: 'user', content: 'x' }],
}

test('contract §4.8: without a credential the program starts and says what it looked for', async (t) => {
  const program = runProgram(t)

  const line = await program.line('listening')

  assert.match(String(line.account), /FACTORY_API_KEY, DROID_REFRESH_KEY, .*auth\.json/)
  assert.equal((await fetch(`${String(line.url)}/health`)).status, 200)
})

test('contract §4: --version and --help answer and end', async (t) => {
  const version = runProgram(t, { args: ['--version'] })
  const help = runProgram(t, { args: ['-h'] })

  assert.equal(await version.exit, 0)
  assert.equal(await help.exit, 0)
  const { version: expected } = JSON.parse(
    readFileSync(path.join(packageDir, 'package.json'), 'utf8'),
  ) as { version: string }
  assert.equal(version.stdout(), `${expected}\n`)
  assert.match(help.stdout(), /--log-level/)
})

test('contract §4.5: help and version are taken as words, too', async (t) => {
  const words = [runProgram(t, { args: ['version'] }), runProgram(t, { args: ['help', 'env'] })]

  assert.deepEqual(await Promise.all(words.map(({ exit }) => exit)), [0, 0])
  assert.match(words[0]!.stdout(), /^\d+\.\d+\.\d+\n$/)
  assert.match(words[1]!.stdout(), /^Usage: droid2api /)
})

test('contract §4.5: a reader that has read enough, such as head, is no failure', async (t) => {
  const program = runProgram(t, { args: ['--help'] })
  program.process.stdout.destroy()

  assert.equal(await program.exit, 0)
  assert.equal(program.stderr(), '')
})

test(
  'contract §4.5: output that cannot be written is a failure, in one line',
  { skip: !existsSync('/dev/full') },
  async (t) => {
    const program = runProgram(t, { args: ['schema'], stdout: '/dev/full' })

    assert.equal(await program.exit, 1)
    assert.equal(program.stderr(), 'The output cannot be written: the disk is full (ENOSPC)\n')
  },
)

test('a Node that is too old is told which one is needed', { timeout: 30_000 }, async (t) => {
  const fake = `Object.defineProperty(process,'version',{value:'v18.20.8'})`
  const program = runProgram(t, {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${fake}` },
  })

  assert.equal(await program.exit, 1)
  assert.match(program.stderr(), /^droid2api needs Node 20\.19 or newer; this is v18\.20\.8\..*\n$/)
})

const misread: [args: string[], said: string][] = [
  [['--prot', '1'], "Unknown option '--prot'. Did you mean --port?"],
  [['--zzzzzzzz'], "Unknown option '--zzzzzzzz'"],
  [['chek'], 'Unknown command: chek. Did you mean check?'],
  [['zzzzzzzz'], 'Unknown command: zzzzzzzz.'],
  [['constructor'], 'Unknown command: constructor.'],
  [['start'], 'Unknown command: start. Did you mean serve?'],
  [['--online'], '--online goes with check'],
  [['serve', '--json'], '--json goes with check, status, usage, explain'],
  [['check', '-m', 'gpt-5.4'], '--model goes with env, explain'],
  [['env', 'claude', '--shell', 'fisch'], '--shell fisch is not known. Did you mean fish?'],
  [['usage', '--csv', '--json'], '--json and --csv are two forms of one answer'],
  [['--host', ''], '--host is empty'],
  [['--config= '], '--config is empty'],
  [['explain', '--header', 'a: b', '--header', ''], '--header is empty'],
  [['serve', 'more'], 'Unexpected argument: more'],
  [['--port'], "Option '-p, --port <value>' argument missing"],
  [['--port', 'abc'], '--port is "abc", expected a whole number'],
  [['check', '--port=70000'], '--port is 70000, expected a number <= 65535'],
  [
    ['demo', '-p', '1', '--log-level', 'degub'],
    '--log-level is "degub", expected one of "fatal", "error", "warn", "info", "debug", "trace", "silent" (did you mean debug?)',
  ],
  [['env'], 'env needs the name of a client: claude, codex, openai'],
  [['env', 'vim'], 'env needs the name of a client: claude, codex, openai'],
]
for (const [args, said] of misread) {
  test(`contract §4.5: ${args.join(' ')}: what was meant on stderr, exit 2`, async (t) => {
    const program = runProgram(t, { args })

    assert.equal(await program.exit, 2)
    assert.equal(program.stderr(), `${said}\ndroid2api --help lists the commands and flags.\n`)
    assert.equal(program.stdout(), '')
  })
}

test('contract §4.5: a port that npm has for itself is of no matter outside its scripts', () => {
  assert.equal(parseCommandLine(['check'], { npm_config_port: '3111' }).command, 'check')
})

const throughNpm: [args: string[], config: string, meant: string][] = [
  [['3111'], 'true', '3111'],
  [[], '3111', '3111'],
]
for (const [args, given, meant] of throughNpm) {
  test(`contract §4.5: flags that npm kept for itself are not lost in silence: ${given}`, async (t) => {
    const env = { npm_lifecycle_event: 'start', npm_config_port: given }
    const program = runProgram(t, { args, env })

    assert.equal(await program.exit, 2)
    assert.match(program.stderr(), new RegExp(`: npm start -- --port ${meant}\n`))
  })
}

test('row 59: a broken configuration stops the start with 78, every fault a line and no stack', async (t) => {
  const program = runProgram(t, { config: { port: 'x', models: 3 } })

  assert.equal(await program.exit, 78)
  assert.equal(program.stderr().trim().split('\n').length, 2)
  assert.doesNotMatch(program.stderr(), /\bat \S+ \(/)
})

for (const command of ['serve', 'demo']) {
  test(`contract §4.7, row 59: a port in use is one line that names port and flag, exit 1: ${command}`, async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    const { port } = other.address() as { port: number }

    const program = runProgram(t, { args: [command, '-p', String(port)] })

    assert.equal(await program.exit, 1)
    assert.match(program.stderr(), new RegExp(`^Port ${port} .*--port.*\n$`))
  })
}

test('demo ends, too, where the configuration is broken', async (t) => {
  const program = runProgram(t, { args: ['demo'], config: '{ "port": ' })

  assert.equal(await program.exit, 78)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`row 58: ${signal} while idle ends it at once with 0`, async (t) => {
    const program = runProgram(t)
    await program.url()

    program.process.kill(signal)

    assert.equal(await program.exit, 0)
    assert.match(program.stdout(), /"stopped"/)
  })
}

test('contract §8.9, row 58: SIGTERM lets a stream end whole', async (t) => {
  const [start, ...rest] = anthropicStream({ text: ['one ', 'two'] })
  const upstream = await startUpstream(t, [{ sse: [start!, { waitMs: 300 }, ...rest] }])
  const program = runProgram(t, { config: oneUpstream(upstream.url) })
  const url = await program.url()

  const answer = post(`${url}/v1/chat/completions`, ask)
  await upstream.nextRequest()
  program.process.kill('SIGTERM')

  assert.match(await (await answer).text(), /two[\s\S]*data: \[DONE\]/)
  assert.equal(await program.exit, 0)
})

test('row 58: a stream that outlives the drain ends with an error, and the exit is still 0', async (t) => {
  const begun = anthropicStream({ text: ['one '] }).slice(0, 4)
  const upstream = await startUpstream(t, () => ({ sse: [...begun, 'hang'] }))
  const program = runProgram(t, {
    config: oneUpstream(upstream.url, { timeouts: { shutdown_s: 0.5 } }),
  })
  const url = await program.url()
  const chat = await post(`${url}/v1/chat/completions`, ask)
  const messages = await post(`${url}/v1/messages`, { ...ask, max_tokens: 9 })

  program.process.kill('SIGTERM')

  const text = await chat.text()
  assert.match(text, /"code":"shutting_down"/)
  assert.doesNotMatch(text, /\[DONE\]/)
  await assert.rejects(messages.text())
  assert.equal(await program.exit, 0)
})

test('contract §8.9, row 58: a second signal ends the program at once', async (t) => {
  const upstream = await startUpstream(t, () => ({ sse: [': begun\n\n', 'hang'] }))
  const program = runProgram(t, { config: oneUpstream(upstream.url) })
  const url = await program.url()
  await post(`${url}/v1/messages`, { ...ask, max_tokens: 9 })

  program.process.kill('SIGTERM')
  await program.line('shutting down')
  program.process.kill('SIGTERM')

  assert.equal(await program.exit, 1)
})

test('row 60: SIGHUP reads the configuration again; a broken one leaves the running one', async (t) => {
  const program = runProgram(t, { config: oneUpstream('http://127.0.0.1:1') })
  const url = await program.url()
  const file = path.join(program.dir, 'config.json')
  const ids = async () => {
    const list = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] }
    return list.data.map(({ id }) => id)
  }

  const models = [{ name: 'New', id: 'brand-new', type: 'openai' }]
  writeFileSync(file, JSON.stringify(oneUpstream('http://127.0.0.1:1', { port: 0, models })))
  program.process.kill('SIGHUP')
  await program.line('configuration read again')
  const after = await ids()
  writeFileSync(file, '{ broken')
  program.process.kill('SIGHUP')
  const broken = await program.line('the new configuration is broken; the running one stays')

  assert.deepEqual(after, ['brand-new'])
  assert.match(String(broken.reason), /not valid JSON/)
  assert.deepEqual(await ids(), ['brand-new'])
})

test('contract §8.11: signals that rotate the logs of other programs neither end it nor open a debugger', async (t) => {
  const program = runProgram(t)
  const url = await program.url()

  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    program.process.kill(signal)
    await until(() => program.stdout().includes(`"signal":"${signal}"`))
  }

  assert.equal((await fetch(`${url}/health`)).status, 200)
  assert.doesNotMatch(program.stderr(), /Debugger/)
  program.process.kill('SIGTERM')
  assert.equal(await program.exit, 0)
})

test(
  'a terminal that is closed ends it as SIGTERM does, however often it says so',
  { timeout: 30_000 },
  async (t) => {
    const program = runProgram(t, { args: ['demo'], terminal: true })
    await program.url()

    program.process.kill('SIGHUP')
    program.process.kill('SIGHUP')

    // one that comes when all is done and Node no longer listens ends the process before its code does
    assert.ok([0, 'SIGHUP'].includes(await program.exit))
    assert.match(program.stdout(), /shutting down signal=SIGTERM[^]* stopped/)
  },
)

test('row 60: a reader of the log that goes away does not end it', async (t) => {
  const program = runProgram(t)
  const url = await program.url()

  program.process.stdout.destroy()

  for (let count = 0; count < 20; count += 1) {
    assert.equal((await fetch(url)).status, 200)
  }
})

const full = '/dev/full'
test(
  'a log that cannot be written does not keep it from ending',
  { skip: !existsSync(full), timeout: 30_000 },
  async (t) => {
    const port = await freePort()
    const program = runProgram(t, { args: ['-p', String(port)], stdout: full })
    await until(() => isServed(`http://127.0.0.1:${port}/health`))

    program.process.kill('SIGTERM')

    assert.equal(await program.exit, 0)
  },
)

test('contract §4.1: the demo answers without an account', async (t) => {
  const program = runProgram(t, { args: ['demo'], env: { FACTORY_API_KEY: 'fk-not-to-be-used' } })
  const url = await program.url()

  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...ask, model: 'claude-sonnet-5-5' }),
  })

  assert.match(await answer.text(), /data: \[DONE\]/)
  const health = (await (await fetch(`${url}/health`)).json()) as { account: { source: string } }
  assert.equal(health.account.source, 'none')
  program.process.kill('SIGTERM')
  assert.equal(await program.exit, 0)
})
