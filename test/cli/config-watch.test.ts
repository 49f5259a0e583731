/** The files of the configuration while the proxy runs: saved, swapped, lost, broken. Looks are 40 ms apart here. */
import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { buildApp } from '../../lib/cli/build-app.ts'
import { watchConfig } from '../../lib/cli/config-watch.ts'
import { Reloader } from '../../lib/cli/reload.ts'
import { loadConfig } from '../../lib/config/load.ts'
import type { SeenFiles } from '../../lib/config/seen-files.ts'
import { deferred } from '../helpers/deferred.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { until } from '../helpers/until.ts'

const lookMs = 40
/** time for three looks */
const threeLooks = () => wait(lookMs * 4)

interface Setting {
  dir: string
  env?: Record<string, string>
  /** of the configuration, where `--config` names it */
  config?: string
  /** between two looks; more where two of them must not fit between two saves, however busy the machine */
  everyMs?: number
}

/** A proxy that does not listen, with its files watched. */
function watched(t: TestContext, { dir, env, config, everyMs = lookMs }: Setting) {
  const seen: SeenFiles = new Map()
  const read = () => {
    seen.clear()
    return loadConfig({
      flags: { config },
      env: { DATA_DIR: path.join(dir, 'data'), ...env },
      cwd: dir,
      packageDir: path.join(dir, 'program'),
      homeDir: dir,
      seen,
    })
  }
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const { config: first, warnings } = read()
  const built = buildApp({ config: first, version: '0.0.0-test', warnings, destination })
  const reloader = new Reloader(built, { seen, read: () => Promise.resolve(read()) })
  const watch = watchConfig(built.app, reloader, everyMs)
  t.after(() => {
    watch.stop()
    built.app.agents.destroy()
  })
  const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const count = (message: string) => logged().filter(({ msg }) => msg === message).length
  return {
    app: built.app,
    reloader,
    logged,
    reloads: () => count('configuration read again'),
    broken: () => count('the new configuration is broken; the running one stays'),
  }
}

/** A folder with `config.json` in it, and the folders of a program. */
function folder(text = '{"keep_alive_s": 1}'): { dir: string; config: string } {
  const dir = tempDir()
  for (const name of ['data', 'program']) mkdirSync(path.join(dir, name))
  writeFileSync(path.join(dir, 'program', 'config.json'), '{"keep_alive_s": 1000}')
  const config = path.join(dir, 'config.json')
  writeFileSync(config, text)
  return { dir, config }
}

const with2 = '{"keep_alive_s": 2}'

const saves: Record<string, (file: string, text: string) => void> = {
  'in place': (file, text) => writeFileSync(file, text),
  'beside it and renamed': (file, text) => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  },
  'deleted first': (file, text) => {
    rmSync(file)
    writeFileSync(file, text)
  },
  'with the time and size of the one before': (file, text) => {
    writeFileSync(`${file}.new`, text)
    utimesSync(`${file}.new`, 1_700_000_000, 1_700_000_000)
    renameSync(`${file}.new`, file)
  },
}

for (const [how, save] of Object.entries(saves)) {
  test(`contract §3.18: a file that is saved ${how} is read again, once`, async (t) => {
    const setting = folder()
    utimesSync(setting.config, 1_700_000_000, 1_700_000_000)
    const { app, reloads } = watched(t, setting)
    await threeLooks()

    save(setting.config, with2)
    await until(() => app.config.keep_alive_s === 2)
    await threeLooks()

    assert.equal(reloads(), 1)
    assert.equal(app.configState.lastReload?.ok, true)
  })
}

test('contract §3.18: the links of a Kubernetes volume lead elsewhere, and what they lead to is read', async (t) => {
  const { dir } = folder()
  const volume = path.join(dir, 'volume')
  const version = (name: string, text: string) => {
    mkdirSync(path.join(volume, name), { recursive: true })
    writeFileSync(path.join(volume, name, 'config.json'), text)
    symlinkSync(name, path.join(volume, '..data_tmp'))
    renameSync(path.join(volume, '..data_tmp'), path.join(volume, '..data'))
  }
  version('..2026_11_28', '{"keep_alive_s": 1}')
  symlinkSync('..data/config.json', path.join(volume, 'config.json'))
  const { app } = watched(t, { dir, config: path.join(volume, 'config.json') })
  await threeLooks()

  version('..2026_11_29', with2)
  rmSync(path.join(volume, '..2026_11_28'), { recursive: true })

  await until(() => app.config.keep_alive_s === 2)
})

test('contract §3.18: a file that is saved in halves is read when it is whole', async (t) => {
  const setting = folder()
  const { app, reloads, broken } = watched(t, { ...setting, everyMs: 500 })

  writeFileSync(setting.config, '')
  await until(() => app.configState.note !== undefined)
  const whileEmpty = app.configState.note
  for (let end = 1; end < with2.length; end += 1) {
    writeFileSync(setting.config, with2.slice(0, end))
    await wait(10)
  }
  writeFileSync(setting.config, with2)
  await until(() => app.config.keep_alive_s === 2)

  assert.match(whileEmpty!, /config\.json is empty: the running configuration stays/)
  assert.deepEqual([reloads(), broken()], [1, 0])
  assert.equal(app.configState.note, undefined)
})

test('contract §3.18: a broken file is told once for what is in it, and the running one stays', async (t) => {
  const setting = folder()
  const { app, logged, broken } = watched(t, setting)
  const { hash } = app.configState
  await threeLooks()

  const wrong = '{"keep_alive_s": "two", "log_level": "loud"}'
  writeFileSync(setting.config, wrong)
  await until(() => broken() === 1)
  for (let count = 0; count < 3; count += 1) {
    utimesSync(setting.config, count, count)
    await threeLooks()
  }
  const { lastReload, note } = app.configState

  assert.equal(broken(), 1)
  assert.equal(app.config.keep_alive_s, 1)
  assert.equal(app.configState.hash, hash)
  assert.equal(lastReload?.ok, false)
  assert.match(lastReload.faults.join('\n'), /keep_alive_s[^]*log_level/)
  assert.match(note!, /the configuration on disk is broken, the log says why/)
  const line = logged().find(({ level }) => level === 'error')
  assert.match(String(line?.reason), /keep_alive_s[^]*log_level/)

  writeFileSync(setting.config, '{"keep_alive_s": 1}')
  await until(() => app.configState.lastReload?.ok === true)
  assert.equal(app.configState.note, undefined)
})

test('contract §3.18: a name that no file can have is a fault like any other, and the next file is read', async (t) => {
  const setting = folder()
  const { app, broken } = watched(t, setting)
  await threeLooks()

  writeFileSync(setting.config, '{"system_prompt": "${file:/a\\u0000b}"}')
  await until(() => broken() === 1)
  writeFileSync(setting.config, with2)

  await until(() => app.config.keep_alive_s === 2)
})

test('contract §3.18: files that are gone change nothing until they are back', async (t) => {
  const { dir, config } = folder('{"admin_key": "${ADMIN}"}')
  const env = path.join(dir, 'data', '.env')
  writeFileSync(env, 'ADMIN=an-admin-key-of-1\nAPI_KEYS=a-client-key-of-1\n')
  const { app, reloads, broken } = watched(t, { dir, config })
  await threeLooks()

  rmSync(env)
  rmSync(config)
  await until(() => app.configState.note !== undefined)
  const { note } = app.configState
  await threeLooks()
  const keys = app.config.api_keys

  assert.match(note!, /config\.json is gone/)
  assert.match(note!, /\.env is gone/)
  assert.deepEqual(keys, ['a-client-key-of-1'])
  assert.equal(app.configState.lastReload, undefined)

  writeFileSync(config, '{"admin_key": "${ADMIN}"}')
  writeFileSync(env, 'ADMIN=an-admin-key-of-2\nAPI_KEYS=a-client-key-of-2\n')
  await until(() => app.config.api_keys[0] === 'a-client-key-of-2')
  assert.deepEqual([reloads(), broken()], [1, 0])
  assert.equal(app.configState.note, undefined)
})

test('contract §3.18: a file that cannot be read is a fault, once, and is read again when it can be', async (t) => {
  const { dir, config } = folder()
  const env = path.join(dir, 'data', '.env')
  writeFileSync(env, 'API_KEYS=a-client-key-of-1\n')
  const { app, broken } = watched(t, { dir, config })
  await threeLooks()

  rmSync(env)
  mkdirSync(env)
  await until(() => broken() === 1)
  writeFileSync(config, with2)
  await threeLooks()
  const faults = app.configState.lastReload?.faults

  assert.deepEqual(faults, [`${env}: it cannot be read (EISDIR)`])
  assert.equal(broken(), 1)
  assert.deepEqual([app.config.api_keys, app.config.keep_alive_s], [['a-client-key-of-1'], 1])

  rmdirSync(env)
  writeFileSync(env, 'API_KEYS=a-client-key-of-1\n')
  await until(() => app.config.keep_alive_s === 2)
  assert.equal(app.configState.note, undefined)
})

test('contract §3.18: files that the configuration refers to, secrets of variables and .env are watched, too', async (t) => {
  const { dir, config } = folder()
  const at = (name: string) => path.join(dir, name)
  writeFileSync(config, `{"system_prompt": "\${file:${at('prompt')}}"}`)
  writeFileSync(at('prompt'), 'Be brief.')
  writeFileSync(at('key'), 'fk-before-the-change')
  const env = { FACTORY_API_KEY_FILE: at('key') }
  const { app } = watched(t, { dir, config, env })
  await threeLooks()

  writeFileSync(at('prompt'), 'Be long.')
  await until(() => app.config.system_prompt === 'Be long.')
  writeFileSync(at('key'), 'fk-after-the-change')
  await until(() => app.account.secrets().includes('fk-after-the-change'))
  writeFileSync(at('data/.env'), 'API_KEYS=a-client-key-of-1\n')
  await until(() => app.config.api_keys.length === 1)

  assert.equal(await app.account.token(), 'fk-after-the-change')
})

test('contract §3.18: a file that changes while the others are looked at is looked at again', async (t) => {
  const { dir, config } = folder()
  const prompt = path.join(dir, 'prompt')
  const text = (seconds: number) =>
    `{"keep_alive_s": ${seconds}, "system_prompt": "\${file:${prompt}}"}`
  writeFileSync(config, text(1))
  writeFileSync(prompt, 'Be brief.')
  const { app } = watched(t, { dir, config })
  await threeLooks()
  const held = deferred()
  const { stat } = promises
  const looks = t.mock.method(promises, 'stat', async (file: string) => {
    if (file === prompt) await held.promise
    return await stat(file)
  })
  syncBuiltinESMExports()
  t.after(() => {
    looks.mock.restore()
    syncBuiltinESMExports()
  })

  utimesSync(prompt, 0, 0)
  await until(() => looks.mock.calls.some((call) => call.arguments[0] === prompt))
  // by now this one has been looked at
  writeFileSync(config, text(2))
  await threeLooks()
  held.resolve()

  await until(() => app.config.keep_alive_s === 2)
})

test('contract §3.18: a config.json that comes into DATA_DIR takes the place of the shipped one', async (t) => {
  const { dir } = folder()
  const { app } = watched(t, { dir })
  await threeLooks()

  writeFileSync(path.join(dir, 'data', 'config.json'), with2)

  await until(() => app.config.keep_alive_s === 2)
  assert.equal(app.configState.file, path.join(dir, 'data', 'config.json'))
})

test('contract §3.18: a file that is saved again and again is read when that is over', async (t) => {
  const setting = folder()
  const { app, reloads } = watched(t, { ...setting, everyMs: 300 })

  for (let count = 1; count <= 60; count += 1) {
    writeFileSync(setting.config, `{"keep_alive_s": ${count}}`)
    await wait(10)
  }
  await until(() => app.config.keep_alive_s === 60)

  assert.ok(reloads() < 10, `${reloads()} reloads`)
})

const noProc = existsSync('/proc/self/fd') ? false : 'needs /proc'
test(
  'operations §9: a mounted file that was replaced outside is told of',
  { skip: noProc },
  async (t) => {
    const { dir, config } = folder()
    const fd = openSync(config, 'r')
    t.after(() => closeSync(fd))
    // the same as a bind mount: the path goes on leading to what has no name any more
    const mounted = `/proc/${process.pid}/fd/${fd}`
    const { app } = watched(t, { dir, config: mounted })
    await threeLooks()

    saves['beside it and renamed']!(config, with2)
    await until(() => app.configState.note !== undefined)

    assert.match(app.configState.note!, /was replaced where it is mounted from.* mount its folder/)
    assert.equal(app.config.keep_alive_s, 1)
  },
)

test('contract §3.18: with config_watch false nothing is read by itself, until a reload says otherwise', async (t) => {
  const setting = folder()
  const { app, reloader, reloads } = watched(t, setting)
  await threeLooks()

  writeFileSync(setting.config, '{"config_watch": false, "keep_alive_s": 2}')
  await until(() => app.config.keep_alive_s === 2)
  writeFileSync(setting.config, '{"keep_alive_s": 3}')
  await threeLooks()
  const unread = app.config.keep_alive_s
  await reloader.reload('SIGHUP')
  writeFileSync(setting.config, '{"keep_alive_s": 4}')
  await until(() => app.config.keep_alive_s === 4)

  assert.equal(unread, 2)
  assert.equal(reloads(), 3)
})

test('contract §3.18: a variable that is gone from .env is a fault where the file refers to it, and its value stays', async (t) => {
  const { dir, config } = folder('{"admin_key": "${ADMIN}"}')
  const env = path.join(dir, 'data', '.env')
  writeFileSync(env, 'ADMIN=an-admin-key-of-1\nAPI_KEYS=a-client-key-of-1\n')
  const { app, broken } = watched(t, { dir, config })
  await threeLooks()

  writeFileSync(env, 'API_KEYS=a-client-key-of-1\n')
  await until(() => broken() === 1)

  assert.match(
    app.configState.lastReload!.faults.join(),
    /admin_key refers to the variable ADMIN, which is not set/,
  )
  assert.equal(app.config.admin_key, 'an-admin-key-of-1')
})
