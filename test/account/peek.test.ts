/** The token that a request would carry now, looked at without a renewal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setting, writeAuthFile } from './setting.ts'

test('contract §22.2: a login of which nothing is kept yet has no token to look at, and none is asked for', async (t) => {
  const { open, tokens } = await setting(t)
  const account = open({ DROID_REFRESH_KEY: tokens.refreshToken })

  assert.equal(await account.peek(), null)
  assert.deepEqual(tokens.requests, [])
})

test('contract §22.2: a token that lives is looked at, also by a program that has not begun to renew', async (t) => {
  const { open, tokens, dir } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() + 3_600_000)
  const account = open()

  const token = await account.peek()
  assert.equal(typeof token, 'string')
  assert.equal(await account.token(), token)
})

test('contract §22.2: a look at a token that has expired gives none, and renews nothing', async (t) => {
  const { open, tokens, dir } = await setting(t)
  writeAuthFile(dir, tokens, Date.now() - 1000)

  assert.equal(await open().peek(), null)
  assert.deepEqual(tokens.requests, [])
})

test('contract §22.2: a look at an account fails with the error of a renewal that has just failed', async (t) => {
  const { open, tokens } = await setting(t)
  const account = open({ DROID_REFRESH_KEY: 'rt-that-nobody-knows' })
  const failed = await account.token().catch((error: unknown) => error)
  const asked = tokens.requests.length

  const looked = await account.peek().catch((error: unknown) => error)

  assert.deepEqual((looked as Error).message, (failed as Error).message)
  assert.match((looked as Error).message, /cannot be renewed/)
  assert.equal(tokens.requests.length, asked)
})
