/** How each block of commands of docs/deploy.md is tried, by its first line: what is installed, built, replaced, removed. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { freePort } from '../helpers/free-port.ts'
import { checkCompose, checkDockerRun } from './docker.ts'
import { blockOf, textOf } from './page.ts'
import { sandbox, writeConfig } from './sandbox.ts'
import { checkUnit } from './systemd.ts'

export type Trial = (t: TestContext, commands: string) => void | Promise<void>

const { version } = JSON.parse(textOf('package.json')) as {
  version: string
}

export const deployTrials: Record<string, Trial> = {
  'cp .env.example .env'(t, commands) {
    const here = sandbox(t)

    here.paste(commands)

    checkCompose(here, '')
  },

  'docker compose --profile sidecar up'(t, commands) {
    const here = sandbox(t)

    here.paste(`cp .env.example .env\n${commands}`)

    checkCompose(here, 'sidecar')
  },

  'docker build -t droid2api .'(t, commands) {
    const here = sandbox(t)

    here.paste(commands)

    checkDockerRun(here)
  },

  'sudo npm install --global "./$(npm pack --silent)"'(t, commands) {
    const { paste } = sandbox(t)

    assert.equal(paste(commands), `${version}\n`)
  },

  'sudo install -m 600 .env.example /etc/droid2api.env'(t, commands) {
    const { root, paste, calls } = sandbox(t)

    paste(commands)

    const file = path.join(root, 'etc', 'droid2api.env')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.match(readFileSync(file, 'utf8'), /^DROID_REFRESH_KEY=$/m)
    assert.deepEqual(calls().at(-1)?.args, ['/etc/droid2api.env'])
  },

  'sudo install -m 644 deploy/droid2api.service /etc/systemd/system/droid2api.service'(
    t,
    commands,
  ) {
    const here = sandbox(t)

    here.paste(commands)

    checkUnit(here)
  },

  'sudo install -m 644 ~/.droid2api/config.json /var/lib/droid2api/config.json'(t, commands) {
    const { dir, root, paste } = sandbox(t)
    const data = path.join(root, 'var/lib/droid2api')
    mkdirSync(data, { recursive: true })
    paste('node dist/bin/droid2api.js init', { ANTHROPIC_API_KEY: 'sk-ant-api03-made-up' })

    paste(commands)

    const written = path.join(dir, '..', '.droid2api', 'config.json')
    const installed = path.join(data, 'config.json')
    assert.equal(readFileSync(installed, 'utf8'), readFileSync(written, 'utf8'))
    // the service runs as a user of its own
    assert.equal(statSync(installed).mode & 0o777, 0o644)
  },

  'sudo systemctl disable --now droid2api'(t, commands) {
    const { root, paste, calls } = sandbox(t)
    const installed = ['systemd/system/droid2api.service', 'droid2api.env']
    for (const file of installed) writeFileSync(path.join(root, 'etc', file), '')
    mkdirSync(path.join(root, 'var/lib/private/droid2api'), { recursive: true })

    paste(commands)

    assert.deepEqual(
      readdirSync(path.join(root, 'etc'), { recursive: true, encoding: 'utf8' }).toSorted(),
      ['systemd', 'systemd/system'],
    )
    assert.deepEqual(readdirSync(path.join(root, 'var/lib/private')), [])
    assert.deepEqual(
      calls().filter(({ name }) => name !== 'sudo'),
      [{ name: 'systemctl', args: ['disable', '--now', 'droid2api'], env: {} }],
    )
  },

  'rm -r ~/.droid2api'(t, commands) {
    const here = sandbox(t)
    const data = path.dirname(writeConfig(here, '{}'))

    here.paste(commands)

    assert.equal(existsSync(data), false)
  },

  'docker compose down --volumes --rmi all'(t, commands) {
    const { paste, calls } = sandbox(t)

    paste(commands)

    assert.deepEqual(
      calls().map(({ args }) => args),
      [['compose', 'down', '--volumes', '--rmi', 'all']],
    )
  },

  async 'DATA_DIR=~/.droid2api-second node dist/bin/droid2api.js --port 3001'(t, commands) {
    const here = sandbox(t)
    const { paste, start } = here
    const model = { name: 'Second', id: 'of-the-second', type: 'anthropic' }
    writeConfig(here, JSON.stringify({ models: [model] }), '.droid2api-second')
    const port = String(await freePort())

    const first = await start('node dist/bin/droid2api.js')
    const second = await start(commands.replace('3001', port))

    assert.equal(new URL(second.url).port, port)
    assert.match(paste(`curl -sf ${second.url}/v1/models`), /"id":"of-the-second"/)
    assert.match(paste(`curl -sf ${first.url}/v1/models`), /"id":"claude-sonnet-5-5"/)
  },

  "git checkout --detach 'main@{1}'"(t, commands) {
    const { dir, paste } = sandbox(t)
    const real = { PATH: process.env.PATH ?? '' }
    const git = 'git -c user.name=me -c user.email=me@example.org'
    paste(
      `mkdir ../theirs && cd ../theirs && git init -q -b main && echo older > version && git add . && ${git} commit -qm older
      git clone -q . ../mine && echo newer > version && ${git} commit -qam newer
      cd ../mine && git pull -q`,
      real,
    )
    const checkedOut = path.join(dir, '..', 'mine', 'version')
    assert.equal(readFileSync(checkedOut, 'utf8'), 'newer\n')

    paste(`cd ../mine && ${commands}`, real)

    assert.equal(readFileSync(checkedOut, 'utf8'), 'older\n')
    paste('cd ../mine && git checkout -q main', real)
    assert.equal(readFileSync(checkedOut, 'utf8'), 'newer\n')
    paste(`cd ../theirs && echo newest > version && ${git} commit -qam newest`, real)
    // the second pull brings nothing and counts for nothing
    paste('cd ../mine && git pull -q && git pull -q', real)
    paste(`cd ../mine && ${commands}`, real)
    assert.equal(readFileSync(checkedOut, 'utf8'), 'newer\n')
    paste(`cd ../mine && ${commands.replace('main@{1}', 'main@{2}')}`, real)
    assert.equal(readFileSync(checkedOut, 'utf8'), 'older\n')
  },

  async 'git pull && ./start.sh'(t, commands) {
    const { start, calls, paste } = sandbox(t)

    const { url } = await start(commands)

    assert.match(paste(`curl -sf ${url}/health`), /"status":"ok"/)
    assert.deepEqual(calls()[0]?.args, ['pull'])
  },

  'git pull && docker compose up -d --build'(t, commands) {
    const { paste, calls } = sandbox(t)

    paste(commands)

    assert.deepEqual(
      calls().map(({ args }) => args),
      [['pull'], ['compose', 'up', '-d', '--build']],
    )
  },

  'git pull && npm ci'(t, commands) {
    const { paste, calls } = sandbox(t, { installed: false })

    paste(commands)

    assert.equal(paste('droid2api --version'), `${version}\n`)
    assert.deepEqual(calls().at(-1)?.args, ['restart', 'droid2api'])
  },

  'docker compose --project-directory . -f deploy/compose.scale.yml up -d --build'(t, commands) {
    const { dir, paste, calls } = sandbox(t)

    paste(commands)

    // what is in the file, test/deploy/scale.test.ts runs
    const args = calls()[0]?.args ?? []
    const file = args[args.indexOf('-f') + 1]
    assert.ok(args.includes('-f') && existsSync(path.join(dir, file ?? '')))
    // what the file names lies in the folder of the page, not in its own
    assert.equal(args[args.indexOf('--project-directory') + 1], '.')
  },

  'docker build --build-arg STORE_CLIENT=redis -t registry.example/droid2api:1.0.0 .'(t, commands) {
    const { dir, paste, calls } = sandbox(t)

    paste(commands)

    const [build, apply] = calls().map(({ args }) => args)
    const [image, manifest] = [build?.at(-2), apply?.at(-1) ?? '']
    assert.match(readFileSync(path.join(dir, 'Dockerfile'), 'utf8'), /^ARG STORE_CLIENT=/m)
    assert.ok(readFileSync(path.join(dir, manifest), 'utf8').includes(`image: ${image}\n`))
  },

  'npm install @redis/client@6'(t, commands) {
    const { paste } = sandbox(t)
    const nowhere = commands.replace('cache.example:6379', '127.0.0.1:1')
    const [, check = ''] = nowhere.trim().split('\n')
    const install = blockOf('sh', 'sudo npm install').split('\n')[0]
    const key = 'export DROID_REFRESH_KEY=a-refresh-token TOKEN_URL=http://127.0.0.1:1'

    const printed = paste(`${install}\n${key}\n${nowhere.replace(check, `${check} || true`)}`)

    assert.match(printed, /error +token store: redis:\/\/127\.0\.0\.1:1\/0: .*ECONNREFUSED/)
  },
}
