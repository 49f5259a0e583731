/** A refusal that is replayed: what it still says is read for a moment, not for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'
import { asks } from '../faults/asks.ts'

const endless = Array.from({ length: 400 }, () => 'x'.repeat(100_000))

const cases = (['/v1/messages', '/v1/chat/completions'] as const).flatMap((route) => [
  { route, what: 'does not end', sse: ['no', 'hang'] },
  { route, what: 'is endless', sse: endless },
])

for (const { route, what, sse } of cases) {
  test(
    `row 47: ${route}: a 401 that ${what} is let go, and the request is replayed`,
    { timeout: 10_000 },
    async (t) => {
      const tokens = await startTokenServer(t)
      const upstream = await startUpstream(t, ({ headers }) =>
        headers.authorization === `Bearer ${tokens.accessToken}` && tokens.refreshes > 1
          ? { body: anthropicMessage({ text: ['Hi'] }) }
          : { status: 401, headers: { 'content-type': 'application/json' }, sse },
      )
      const { url } = await startProxy(t, {
        config: oneUpstream(upstream.url, {
          endpoints: [
            {
              name: 'claude',
              type: 'anthropic',
              base_url: `${upstream.url}/v1/messages`,
              auth: 'account',
            },
          ],
          models: [{ name: 'S', id: 'claude-sonnet-4-5', type: 'anthropic' }],
        }),
        env: { DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_URL: tokens.url },
      })

      const answer = await post(url + route, asks[route])
      await upstream.whenClosed(0)

      assert.equal(answer.status, 200)
      assert.equal(upstream.requests.length, 2)
      assert.equal(upstream.closedEarly, 1)
    },
  )
}
