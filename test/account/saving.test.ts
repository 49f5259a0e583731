/** A renewed login on file systems that lack something, and what is said where it cannot be saved. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { broken } from '../helpers/broken-files.ts'
import { until } from '../helpers/until.ts'
import { fieldsOf, setting, writeAuthFile } from './setting.ts'

const hour = 3_600_000

for (const code of ['EBUSY', 'EXDEV', 'EPERM', 'EACCES']) {
  test(`O13: where a rename says ${code} the file is overwritten, and that is said once`, async (t) => {
    const { open, dir, tokens, lines } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    await broken(t, { rename: code })

    const account = open()
    const token = await account.token()
    await account.renew(token!)
    await account.stop()

    assert.equal(fieldsOf(file).refresh_token, tokens.refreshToken)
    assert.equal(fieldsOf(file).org, 'mine')
    assert.match(
      account.notes().join(),
      new RegExp(`cannot be replaced \\(${code}\\), so it is over`),
    )
    assert.equal(lines.filter((line) => line.includes('cannot be replaced')).length, 1)
    assert.equal(account.status().state, 'ok')
    assert.equal(await open().token(), tokens.accessToken)
    assert.deepEqual(readdirSync(dir).toSorted(), ['auth.json', 'config.json'])
  })
}

test('O13: a folder that is not writable, while the file is: nothing of a longer login is left behind', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const file = writeAuthFile(dir, tokens, Date.now() - hour)
  writeFileSync(file, JSON.stringify(fieldsOf(file), null, 40))
  await broken(t, { open: 'EACCES' }, /\.droid2api\.tmp$/)

  assert.equal(await open().token(), tokens.accessToken)

  assert.equal(fieldsOf(file).refresh_token, tokens.refreshToken)
  assert.doesNotMatch(readFileSync(file, 'utf8'), / {3}$/)
})

for (const [lacks, codes] of [
  ['modes', { chmod: 'EPERM' }],
  ['modes, otherwise said', { chmod: 'ENOTSUP' }],
  ['fsync', { sync: 'EINVAL' }],
  ['truncation and renames', { rename: 'EPERM', truncate: 'ENOSYS' }],
] as const) {
  test(`KO3: a file system without ${lacks} keeps the login`, async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = writeAuthFile(dir, tokens, Date.now() - hour)
    await broken(t, codes)

    const account = open()
    assert.equal(await account.token(), tokens.accessToken)

    assert.equal(fieldsOf(file).refresh_token, tokens.refreshToken)
    assert.equal(account.status().last_error, null)
  })
}

test('KO3: a file system without exclusive files keeps the login, without turns', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const file = writeAuthFile(dir, tokens, Date.now() - hour)
  await broken(t, { writeFile: 'ENOTSUP' }, /\.lock$/)

  assert.equal(await open().token(), tokens.accessToken)
  assert.equal(fieldsOf(file).refresh_token, tokens.refreshToken)
})

const unwritable: [what: string, code: string, said: RegExp][] = [
  [
    'a folder of root',
    'EACCES',
    /cannot be saved in .*data: it is not writable \(EACCES\) as uid \d+/,
  ],
  [
    'a read-only file system',
    'EROFS',
    /cannot be saved in .*data: the file system is read-only \(EROFS\)/,
  ],
  ['a full disk', 'ENOSPC', /cannot be saved in .*data: the disk is full \(ENOSPC\)/],
]
for (const [what, code, said] of unwritable) {
  test(`O15: ${what}: the start warns before a token is spent, /health is degraded until it is saved`, async (t) => {
    const { open, dir, tokens, lines } = await setting(t)
    mkdirSync(path.join(dir, 'data'))
    const disk = await broken(t, { open: code, writeFile: code }, /data/)
    const account = open({ DROID_REFRESH_KEY: tokens.refreshToken })

    await account.start()
    const warned = lines.findIndex((line) => line.includes('is lost when this process ends'))
    const token = await account.token()

    assert.equal(token, tokens.accessToken)
    assert.match(lines[warned] ?? '', said)
    const failed = lines.findIndex((line) => line.includes('cannot be saved; it is lost'))
    assert.ok(warned < failed)
    assert.equal(account.status().state, 'degraded')
    assert.equal(account.status().can_serve, true)
    assert.match(account.status().last_error ?? '', said)

    disk.restore()
    await until(() => account.status().state === 'ok')
    assert.equal(account.status().last_error, null)
    assert.deepEqual(account.notes(), [])
    assert.equal(fieldsOf(path.join(dir, 'data', 'auth.json')).access_token, token)
    assert.match(lines.join(''), /the renewed login is saved now/)
  })
}

test('O15: no refresh token is spent that could not be saved, as long as the access token serves', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const { open, dir, tokens } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() + 8 * hour)
  const account = open()
  await account.start()
  const old = await account.token()
  const disk = await broken(t, { open: 'EROFS', writeFile: 'EROFS' }, /auth|droid2api/)
  t.mock.timers.setTime(Date.now() + 7.9 * hour)

  assert.equal(await account.token(), old)
  await until(() => account.status().last_error !== null)
  assert.match(account.status().last_error ?? '', /read-only \(EROFS\)/)
  assert.equal(tokens.requests.length, 0)

  disk.restore()
  await until(async () => (await account.token()) === tokens.accessToken)
  assert.equal(account.status().last_error, null)
})

test('O15: a pair in memory alone gets a last chance when the process ends', async (t) => {
  const { open, dir, tokens } = await setting(t)
  const disk = await broken(t, { open: 'ENOSPC', writeFile: 'ENOSPC' }, /data/)
  const account = open({ DROID_REFRESH_KEY: tokens.refreshToken })
  await account.token()
  assert.equal(account.status().state, 'degraded')

  disk.restore()
  await account.stop()

  assert.equal(fieldsOf(path.join(dir, 'data', 'auth.json')).refresh_token, tokens.refreshToken)
})

test('O15: a login that cannot be saved, and asked again and again, is told by one line', async (t) => {
  const { open, dir, tokens, lines } = await setting(t)
  mkdirSync(path.join(dir, 'data'))
  await broken(t, { open: 'EACCES', writeFile: 'EACCES' }, /data/)
  const account = open({ DROID_REFRESH_KEY: tokens.refreshToken })
  await account.start()

  for (let count = 0; count < 5; count += 1) await account.renew((await account.token())!)

  assert.equal(lines.filter((line) => line.includes('cannot be saved; it is lost')).length, 1)
  assert.equal(lines.filter((line) => line.includes('is lost when this process ends')).length, 1)
})

test('O19: a folder where the auth file should be is called a folder', async (t) => {
  const { open, dir } = await setting(t)
  mkdirSync(path.join(dir, 'auth.json'))
  const account = open()
  await account.start()

  await assert.rejects(account.token(), {
    status: 400,
    message: /auth\.json is a folder, not a file. Docker makes one/,
  })
  assert.match(account.status().last_error ?? '', /auth\.json is a folder/)
})

test('O19: a DATA_DIR that is a file is called a file', async (t) => {
  const { open, dir, tokens } = await setting(t)
  writeFileSync(path.join(dir, 'data'), '')
  const account = open({ DROID_REFRESH_KEY: tokens.refreshToken })
  await account.start()

  assert.equal(await account.token(), tokens.accessToken)
  assert.match(account.status().last_error ?? '', /cannot be saved: .*data is a file, not a folder/)
})

test('O19: a folder in place of the login in DATA_DIR is named, and the variable serves', async (t) => {
  const { open, dir, tokens } = await setting(t)
  mkdirSync(path.join(dir, 'data', 'auth.json'), { recursive: true })
  const env = { DROID_REFRESH_KEY: tokens.refreshToken }
  const account = open(env)

  assert.equal(await account.token(), tokens.accessToken)
  assert.match(
    account.notes().join(),
    /auth\.json is a folder, not a file; DROID_REFRESH_KEY serves/,
  )
  await account.stop()
  assert.equal(await open(env).token(), tokens.accessToken)
})

test('O13: an empty file that was made for a mount takes the login', async (t) => {
  const { open, dir, tokens } = await setting(t)
  mkdirSync(path.join(dir, 'data'))
  const file = path.join(dir, 'data', 'auth.json')
  writeFileSync(file, '')
  await broken(t, { rename: 'EBUSY' })

  await open({ DROID_REFRESH_KEY: tokens.refreshToken }).token()

  assert.equal(fieldsOf(file).refresh_token, tokens.refreshToken)
})

const pair = JSON.stringify({ access_token: 'at', refresh_token: 'rt-of-a-file' })
const saved: [what: string, bytes: Buffer][] = [
  ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${pair}`)],
  [
    'UTF-8 with CRLF',
    Buffer.from(JSON.stringify(JSON.parse(pair), null, 2).replaceAll('\n', '\r\n')),
  ],
  ['UTF-16, as PowerShell writes it', Buffer.from(`\uFEFF${pair}\r\n`, 'utf16le')],
  ['UTF-16, big end first', Buffer.from(`\uFEFF${pair}`, 'utf16le').swap16()],
  ['UTF-16 without a mark', Buffer.from(pair, 'utf16le')],
]
for (const [what, bytes] of saved) {
  test(`KO4: an auth file in ${what} is read, and written as UTF-8`, async (t) => {
    const { open, dir, tokens } = await setting(t)
    const file = path.join(dir, 'auth.json')
    writeFileSync(file, bytes)
    tokens.refreshToken = 'rt-of-a-file'
    const account = open()

    assert.equal(await account.token(), 'at')
    assert.equal(await account.renew('at'), tokens.accessToken)
    assert.equal(fieldsOf(file).refresh_token, tokens.refreshToken)
  })
}
