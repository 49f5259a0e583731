/**
 * Copilot's answer to a request for one token may have no choice at all; by such a request Claude Code asks whether a model is there.
 * Source: cc-switch #4923, read 2026-11.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

test('translation §11.5: a limit that was spent before a word was said is told as that, not as a failure', async (t) => {
  const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 }
  const answers = [usage, { ...usage, completion_tokens: 0 }]
  const upstream = await startUpstream(t, () => ({
    body: { id: 'c', object: 'chat.completion', choices: [], usage: answers.shift() },
  }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const messages = [{ role: 'user', content: 'Hi' }]
  const probe = () => post(`${url}/v1/messages`, { model: 'glm-4.6', max_tokens: 1, messages })

  const { content, stop_reason } = (await (await probe()).json()) as Record<string, unknown>
  assert.deepEqual([content, stop_reason], [[], 'max_tokens'])
  assert.equal((await probe()).status, 502)
})
