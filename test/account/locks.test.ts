/** Locks beside the login that are held, were left behind, or are no locks of ours at all. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, uptime } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { bootId } from '../../lib/store/boot-id.ts'
import { broken } from '../helpers/broken-files.ts'
import { fieldsOf, setting, writeAuthFile } from './setting.ts'

const hour = 3_600_000

/** A lock of another program is waited for this long. What takes less did not wait for it; what takes twice as long waited twice. */
const waitMs = 10_000

/** The time that something takes, ms. On a busy machine all else takes seconds. */
async function duration(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function age(lock: string, ms: number): void {
  const then = new Date(Date.now() - ms)
  utimesSync(lock, then, then)
}

const leftBehind: [what: string, make: (lock: string) => void][] = [
  ['a folder, as proper-lockfile leaves it,', (lock) => (mkdirSync(lock), age(lock, hour))],
  ['a fresh folder', (lock) => mkdirSync(lock)],
  ['a link that leads nowhere', (lock) => symlinkSync('/nowhere/at/all', lock)],
  ['a file of another program', (lock) => (writeFileSync(lock, 'mine'), age(lock, hour))],
]

/** Each waits for some seconds, so they do so together. */
describe('a lock beside the auth file', { concurrency: 12 }, () => {
  for (const [what, make] of leftBehind) {
    test(`O10: ${what} is waited for, then named, left alone and passed`, async (t) => {
      const { open, dir, tokens } = await setting(t)
      const file = writeAuthFile(dir, tokens, Date.now() - hour)
      const lock = `${file}.lock`
      make(lock)
      const account = open()
      await account.start()

      const took = await duration(async () => {
        assert.equal(await account.token(), tokens.accessToken)
      })

      assert.ok(took < 2 * waitMs, String(took))
      assert.equal(fieldsOf(file).refresh_token, tokens.refreshToken)
      assert.match(
        account.notes().join(),
        /auth\.json\.lock \(a .*\) is another program's lock that was left/,
      )
      assert.ok(lstatSync(lock), 'it is not ours to delete')
      const second = await duration(() => account.renew(tokens.accessToken))
      assert.ok(second < waitMs / 2, 'it is not waited for again')
    })
  }

  test('O10: a lock of DATA_DIR that was left behind holds nobody up for long either', async (t) => {
    const { open, dir, tokens } = await setting(t)
    mkdirSync(path.join(dir, 'data', 'auth.json.lock'), { recursive: true })
    age(path.join(dir, 'data', 'auth.json.lock'), hour)
    const account = open({ DROID_REFRESH_KEY: tokens.refreshToken })

    const took = await duration(() => account.token())

    assert.ok(took < waitMs / 2, String(took))
    assert.equal(fieldsOf(path.join(dir, 'data', 'auth.json')).refresh_token, tokens.refreshToken)
  })

  test('O10: a lock that somebody holds is waited for, then named; the login is not renewed behind its back', async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    const owner = { pid: process.ppid, host: hostname(), id: 'somebody' }
    writeFileSync(`${file}.lock`, JSON.stringify(owner))
    const account = open()
    await account.start()

    const took = await duration(() =>
      assert.rejects(
        account.token(),
        new RegExp(`auth.json.lock is held by process ${process.ppid} on`),
      ),
    )

    assert.ok(took > 0.9 * waitMs && took < 2 * waitMs, String(took))
    assert.match(account.status().last_error ?? '', /auth\.json\.lock is held by process/)
    assert.equal(account.status().state, 'degraded')
    const again = await duration(() => assert.rejects(account.token()))
    assert.ok(again < waitMs / 2, 'a request in the pause is refused at once')
    assert.equal(tokens.requests.length, 0)
  })

  test('O10: another program that shows signs of life is waited for, then named', async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    mkdirSync(`${file}.lock`)
    const heartbeat = setInterval(() => age(`${file}.lock`, 0), 1000)
    t.after(() => clearInterval(heartbeat))

    await assert.rejects(open().token(), /auth\.json\.lock is held by another program \(a folder\)/)

    assert.equal(tokens.requests.length, 0)
  })

  test('O10: a request whose token still serves is not held by a lock', async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    const times = {
      obtained_at: new Date(Date.now() - 7 * hour),
      expires_at: new Date(Date.now() + hour),
    }
    writeFileSync(
      file,
      JSON.stringify({ ...fieldsOf(file), access_token: 'serves', droid2api: times }),
    )
    mkdirSync(`${file}.lock`)
    const account = open()
    await account.start()

    const took = await duration(async () => {
      assert.equal(await account.token(), 'serves')
    })

    assert.ok(took < waitMs / 2, String(took))
  })

  test('O10: the end of the process ends the wait for a lock', async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    mkdirSync(`${file}.lock`)
    const account = open()
    await account.start()
    const token = account.token().catch(({ message }: Error) => message)
    await wait(200)

    const took = await duration(() => account.stop())

    assert.ok(took < waitMs / 2, String(took))
    assert.match(String(await token), /the proxy is being stopped/)
  })

  test('O10: one of ours whose process is dead, or that was never written, is broken at once', async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    writeFileSync(
      `${file}.lock`,
      JSON.stringify({ pid: 2 ** 22 + 7, host: hostname(), id: 'dead' }),
    )

    const took = await duration(() => open().token())

    assert.ok(took < waitMs / 2, String(took))
    assert.equal(existsSync(`${file}.lock`), false)
    writeFileSync(`${file}.lock`, '')
    const other = await duration(() => open().renew(tokens.accessToken))
    assert.ok(other < waitMs / 2, String(other))
    assert.equal(existsSync(`${file}.lock`), false)
  })

  const elsewhere = { pid: process.ppid, host: hostname(), id: 'x' }

  for (const [what, start] of [
    ['this machine', { boot: 'another', up_s: 1 }],
    ['this container, which has the id of its machine', { boot: bootId(), up_s: uptime() + 1e6 }],
  ] as const) {
    test(
      `O10: one of before ${what} started is broken at once, though another process has its number and the clock stood still`,
      { skip: bootId() === undefined && 'the system tells no start from another' },
      async (t) => {
        const { open, dir, tokens } = await setting(t)
        const file = writeAuthFile(dir, tokens, Date.now() - hour)
        writeFileSync(`${file}.lock`, JSON.stringify({ ...elsewhere, ...start }))
        age(`${file}.lock`, -hour)

        const took = await duration(() => open().token())

        assert.ok(took < waitMs / 2, String(took))
      },
    )
  }

  test(
    'O10: one that was just made is not broken where the clock was set years ahead since',
    { skip: bootId() === undefined && 'the system tells no start from another' },
    async (t) => {
      const { open, dir, tokens } = await setting(t)
      const file = writeAuthFile(dir, tokens, Date.now() - hour)
      const owner = { ...elsewhere, boot: bootId(), up_s: uptime() }
      writeFileSync(`${file}.lock`, JSON.stringify(owner))
      age(`${file}.lock`, 50 * 365 * 24 * hour)

      await assert.rejects(open().token(), /auth\.json\.lock is held by process/)

      assert.equal(tokens.requests.length, 0)
    },
  )

  test(
    'O10: one that is older than any holder works is broken, whatever the clock says',
    { skip: bootId() === undefined && 'the system tells no start from another' },
    async (t) => {
      const { open, dir, tokens } = await setting(t)
      const file = writeAuthFile(dir, tokens, Date.now() - hour)
      const owner = { ...elsewhere, boot: bootId(), up_s: uptime() - 40 }
      writeFileSync(`${file}.lock`, JSON.stringify(owner))
      age(`${file}.lock`, -hour)

      const took = await duration(() => open().token())

      assert.ok(took < waitMs / 2, String(took))
    },
  )

  test('O10: a lock on a file system whose reads fail, or of root, is passed after the wait', async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    writeFileSync(`${file}.lock`, '{"pid":1}')
    chmodSync(`${file}.lock`, 0o000)
    await broken(t, { readFile: 'EIO' }, new RegExp(`^${file}.lock$`))
    const account = open()

    const took = await duration(() => account.token())

    assert.ok(took < 2 * waitMs, String(took))
    assert.match(account.notes().join(), /a file that cannot be read, EIO/)
  })
})
