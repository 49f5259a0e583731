/** The library's other path, through `fetch`, neither aborts nor streams as it should. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post } from '../helpers/proxy.ts'
import { runProgram } from '../helpers/program.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

test('contract §7.6: FORCE_FETCH_PATH has no effect on how a request goes up', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hello.'] }) }))
  const program = runProgram(t, {
    config: oneUpstream(upstream.url),
    env: { FORCE_FETCH_PATH: 'true', FACTORY_API_KEY: 'fk-of-the-account' },
  })
  const messages = [{ role: 'user', content: 'Hello' }]

  const answer = await post(`${await program.url()}/v1/messages`, {
    model: 'claude-sonnet-4-5',
    max_tokens: 9,
    messages,
  })

  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /Hello\./)
  // which `fetch` adds
  assert.equal(upstream.requests[0]?.headers['sec-fetch-mode'], undefined)
})
