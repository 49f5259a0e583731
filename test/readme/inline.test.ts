/** Commands within the sentences of the pages are run like the blocks, or, where they take minutes, are at least what they say. */
import assert from 'node:assert/strict'
import { accessSync, constants, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { freePort } from '../helpers/free-port.ts'
import { oneUpstream } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import {
  blocksIn,
  blockOf,
  codeSpans,
  packageDir,
  quotesOf,
  textOf,
  troubleshooting,
} from './page.ts'
import { sandbox } from './sandbox.ts'

const program = 'node dist/bin/droid2api.js'

const trials: Record<string, (t: TestContext, command: string) => void | Promise<void>> = {
  async './start.sh'(t, command) {
    const { start, paste } = sandbox(t, { installed: false })

    const { url } = await start(command)

    assert.match(paste(`curl -sf ${url}/health`), /"status":"ok"/)
  },

  'node --version'(t, command) {
    assert.equal(sandbox(t).paste(command).trim(), process.version)
  },

  'npm root --global'(t, command) {
    const { root, paste } = sandbox(t)
    const [install] = blockOf('sh', 'sudo npm install').split('\n')
    const folder = path.basename(paste(command).trim())

    paste(install!)

    // the stand-in for npm installs into a folder of the same name
    const installed = path.join(root, 'usr/local/lib', folder, 'droid2api', 'config.json')
    accessSync(installed)
  },

  'npm ci --include=dev'(t, command) {
    const { paste } = sandbox(t, { installed: false })

    assert.match(paste(`${command} && npm start -- --version`), /^\d+\.\d+\.\d+$/m)
  },

  'npm ci && npm run build'(t, command) {
    const { paste } = sandbox(t, { installed: false })

    assert.match(paste(`${command} && ${program} --version`), /^\d+\.\d+\.\d+$/m)
  },

  'env claude --model gpt-5.4': printsFor(
    / ANTHROPIC_MODEL=gpt-5\.4 .*MAX_CONTEXT_TOKENS=.*200000/,
  ),
  'env codex': printsFor(/^codex\(\) \{ .*model_providers\.droid2api/),
  'env openai': printsFor(/^export OPENAI_BASE_URL=/),
  'droid2api env claude': asCommand(/^export ANTHROPIC_BASE_URL=/),
  // there is no PowerShell here
  'droid2api env claude | Invoke-Expression'(t) {
    const printed = sandbox(t).paste(`${program} env claude --shell powershell`)

    assert.match(printed, /^\$env:ANTHROPIC_BASE_URL *= *'http:/m)
  },
  'env -u ANTHROPIC_API_KEY claude'(t, command) {
    const told = command.replace('claude', `sh -c 'echo "[$ANTHROPIC_API_KEY]"'`)

    assert.equal(sandbox(t).paste(told, { ANTHROPIC_API_KEY: 'sk-ant-mine' }).trim(), '[]')
  },
  async 'droid2api status'(t, command) {
    const { paste, start } = sandbox(t)
    const { url } = await start(program)

    const printed = paste(command.replace('droid2api', program), { PORT: new URL(url).port })

    assert.match(printed, /^droid2api \d\S* at http:\S+: ok, up /)
  },
  async 'droid2api health'(t, command) {
    const { paste, start } = sandbox(t)
    const { url } = await start(program)

    const printed = paste(command.replace('droid2api', program), { PORT: new URL(url).port })

    assert.equal(printed, 'ok\n')
  },
  async 'droid2api >> /var/log/droid2api.log'(t, command) {
    const { dir, start } = sandbox(t)
    const file = path.join(dir, 'droid2api.log')
    const serving = command.replace('droid2api', program).replace(/\S+$/, file)
    const { url } = await start(`${serving} & tail -F ${file}`)

    // as logrotate's copytruncate cuts it
    truncateSync(file)
    await fetch(`${url}/no-such-path`)
    await until(() => readFileSync(file, 'utf8').includes('unknown_path'))

    // not behind a hole of the length that was cut
    assert.match(readFileSync(file, 'utf8'), /^\{"level":"info"/)
  },
  'droid2api explain request.json': explains,
  'droid2api usage': asCommand(/"by":\["day"\],"rows":\[\]/),
  'droid2api usage --since 7d --by client': asCommand(/"by":\["client"\],"rows":\[\]/),
  'droid2api schema > config.schema.json'(t, command) {
    const { dir, paste } = sandbox(t)

    paste(command.replace('droid2api', program))

    const shipped = textOf('docs/config.schema.json')
    const printed = readFileSync(path.join(dir, 'config.schema.json'), 'utf8')
    assert.deepEqual(JSON.parse(printed), JSON.parse(shipped))
  },
  'droid2api key alice': asCommand(/sha256:[0-9a-f]{64}/),
  'droid2api key NAME': (t) => {
    assert.match(sandbox(t).paste(`${program} key bob`), /sha256:[0-9a-f]{64}/)
  },
  'node dist/bin/droid2api.js init'(t, command) {
    const { dir, paste } = sandbox(t)

    const printed = paste(command, { CONFIG_FILE: '', DATA_DIR: dir })

    // what it writes elsewhere, test/init shows, where no port of this machine is asked
    assert.match(printed, /config\.json is there already, so nothing is changed/)
  },
  'droid2api --help': asCommand(/Commands\n[\s\S]*Flags\n/),

  'droid2api check --online': (t, command) =>
    checkedOnline(t, command.replace('droid2api', program)),
  'check --online': (t, command) => checkedOnline(t, `${program} ${command}`),
  'check --renew'(t, command) {
    assert.match(sandbox(t).paste(`${program} ${command} || true`), /ok +token: no account/)
  },

  'docker compose exec droid2api node dist/bin/droid2api.js check': runsInTheContainer,
  'docker compose exec droid2api node dist/bin/droid2api.js init': runsInTheContainer,

  'docker compose cp droid2api:/app/data ./droid2api-data'() {
    const compose = textOf('docker-compose.yml')
    assert.match(compose, /^ {2}droid2api:$[\s\S]*^ {6}- data:\/app\/data$/m)
  },

  'npx ./droid2api-1.0.0.tgz'(t, command) {
    assert.match(sandbox(t).paste(`npm pack\n${command} --version`), /\n\d+\.\d+\.\d+\n$/)
  },

  async 'printf %s "$API_KEYS" | sha256sum'(t, command) {
    const { dir, paste, start } = sandbox(t)
    const [hash] = paste(command, { API_KEYS: 'a-key-of-ones-own' }).split(' ')
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ api_keys: [`sha256:${hash}`] }))

    const { url } = await start(program)

    assert.match(paste(`curl -sf ${url}/v1/models -H 'x-api-key: a-key-of-ones-own'`), /claude/)
  },

  'sudo systemd-run --pipe -p User=droid2api -p DynamicUser=yes -p StateDirectory=droid2api -p EnvironmentFile=-/etc/droid2api.env -E DATA_DIR=/var/lib/droid2api droid2api check':
    runsAsTheService,

  'systemctl reload droid2api'() {
    const unit = textOf('deploy/droid2api.service')
    assert.match(unit, /^ExecReload=\/bin\/kill -HUP \$MAINPID$/m)
  },

  'npm test FILE…'(t, command) {
    const { paste } = sandbox(t, { tested: true })
    const file = 'test/config/models.test.ts'

    const printed = paste(command.replace('FILE…', file))

    assert.match(printed, /^[1-9]\d? passed, 0 failed/m)
  },
  'node --import tsx --test --test-name-pattern=alias test/config/models.test.ts'(t, command) {
    const { paste } = sandbox(t, { tested: true })

    assert.match(paste(command), /^(?:# |ℹ )pass [1-9]/m)
  },
  async 'npm start -- --port 3111'(t, command) {
    const { start } = sandbox(t)
    const port = String(await freePort())

    const { url } = await start(command.replace('3111', port))

    assert.equal(new URL(url).port, port)
  },

  async 'node --watch --import tsx bin/droid2api.ts demo'(t, command) {
    const { start, paste } = sandbox(t)

    const { url } = await start(command)

    assert.match(paste(`curl -sf ${url}/health`), /"status":"ok"/)
  },

  'npm run build': isScript,
  'npm run lint': isScript,
  'npm run format': isScript,
  'npm run format:check': isScript,
  'npm run types': isScript,
  'npm run deadcode': isScript,
  'npm run record': isScript,
  'npm run screenshots': isScript,
  'npm run docs': isScript,
  'npm run bench': isScript,
  'npm run bench JSON': isScript,
  'npm run bench -- --node 20 --node 24': isScript,
  'npm run bench -- --roads': isScript,
  'npm run test:soak': isScript,
  '.ci/run': isThere,
  'test/container.sh': isThere,
}

const looksLikeOne =
  /^(?:\.\/start\.sh|\.ci\/.*|test\/\S+\.sh|(?:check|docker|droid2api|env|node|npm|npx|printf|cp|kill|sudo|systemctl) .+)$/

const blocks = [...blocksIn('sh').values()].join('\n')
const quotes = new Set(quotesOf(troubleshooting[0]).flat())
const commands = codeSpans().filter(
  (span) =>
    looksLikeOne.test(span) && !quotes.has(span) && (span in trials || !blocks.includes(span)),
)

for (const command of commands) {
  test(`within a sentence: ${command}`, async (t) => {
    const trial = trials[command]
    assert.ok(trial, 'no test runs this command')

    await trial(t, command)
  })
}

test('every command that a test is for is on the page', () => {
  assert.deepEqual(
    Object.keys(trials).filter((command) => !commands.includes(command)),
    [],
  )
})

function printsFor(expected: RegExp) {
  return (t: TestContext, command: string) => {
    assert.match(sandbox(t).paste(`${program} ${command}`), expected)
  }
}

async function checkedOnline(t: TestContext, command: string): Promise<void> {
  const { dir, paste, start } = sandbox(t)
  const upstream = await start('node dist/bin/droid2api.js demo')
  writeFileSync(path.join(dir, 'config.json'), JSON.stringify(oneUpstream(upstream.url)))

  const printed = paste(command, { PORT: '0' })

  assert.match(printed, /ok +upstream: /)
}

/** Installed as the page says. */
function asCommand(expected: RegExp) {
  return (t: TestContext, command: string) => {
    const [install] = blockOf('sh', 'sudo npm install').split('\n')

    assert.match(sandbox(t).paste(`${install}\n${command}`), expected)
  }
}

/** What becomes of a request that lies there: where it would go, and its bytes. */
function explains(t: TestContext, command: string): void {
  const { dir, paste } = sandbox(t)
  const messages = [{ role: 'user', content: 'Hello' }]
  const request = { model: 'claude-opus-5-5', messages }
  writeFileSync(path.join(dir, 'request.json'), JSON.stringify(request))

  const explained = paste(command.replace('droid2api', program), {
    FACTORY_API_KEY: 'fk-of-the-account',
  })

  assert.match(explained, /https:\/\/api\.factory\.ai\/api\/llm\/a\/v1\/messages/)
  assert.match(explained, /Hello/)
  assert.doesNotMatch(explained, /fk-of-the-account/)
}

/** It runs for minutes: see that it is a script of the package, and that what it runs is there. */
function isScript(_t: TestContext, command: string): void {
  const { scripts } = JSON.parse(textOf('package.json')) as {
    scripts: Record<string, string>
  }
  const script = scripts[command.split(' ')[2]!]
  assert.ok(script, command)
  for (const [file] of script.matchAll(/test\/\S+\.ts/g)) accessSync(path.join(packageDir, file))
}

/** It calls the program of the image, in a service of the compose file. */
function runsInTheContainer(_t: TestContext, command: string): void {
  const [, service, run] = /exec (\w+) (.*) \w+$/.exec(command) ?? []
  const compose = textOf('docker-compose.yml')
  const image = textOf('Dockerfile')
  assert.match(compose, new RegExp(`^  ${service}:$`, 'm'))
  assert.ok(image.includes(`CMD ${JSON.stringify(run!.split(' ')).replaceAll(',', ', ')}`))
}

/** As the user, in the folder and with the variables that the unit has; a user without a name is called like the unit. */
function runsAsTheService(_t: TestContext, command: string): void {
  const unit = textOf('deploy/droid2api.service')
  const properties = command.match(/(?<= -p )\S+/g) ?? []

  assert.deepEqual(
    properties.filter((property) => !unit.includes(`\n${property}\n`)),
    ['User=droid2api'],
  )
  const [, variable = ''] = / -E (\S+) droid2api check$/.exec(command) ?? []
  assert.match(unit, new RegExp(`^Environment=.*${variable}$`, 'm'))
}

function isThere(_t: TestContext, file: string): void {
  accessSync(path.join(packageDir, file), constants.X_OK)
}
