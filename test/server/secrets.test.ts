/** What is searched for in all that leaves the process: the secrets of now, not those of the start. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { startProxy } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { startTokenServer } from '../helpers/token-server.ts'

test('a renewed token and a key that a reload brings are taken out of texts at once', async (t) => {
  const tokens = await startTokenServer(t)
  const file = path.join(tempDir(), 'auth.json')
  writeFileSync(
    file,
    JSON.stringify({ access_token: 'the-first-token', refresh_token: tokens.refreshToken }),
  )
  const { app } = await startProxy(t, { env: { AUTH_FILE: file, TOKEN_URL: tokens.url } })
  assert.equal(app.redact('it was the-first-token'), 'it was [redacted]')

  await app.account.renew('the-first-token')
  assert.equal(app.redact(`it is ${tokens.accessToken}`), 'it is [redacted]')
  assert.equal(app.redact(`and ${tokens.refreshToken}`), 'and [redacted]')

  app.config = { ...app.config, api_keys: ['a-key-of-tomorrow'] }
  assert.equal(app.redact('a-key-of-tomorrow'), '[redacted]')
})
