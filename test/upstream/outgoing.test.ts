/** What goes up is what this program has made: the senders and Node add nothing to it, on either road. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { head, rawUpstream } from '../faults/raw-upstream.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage } from '../helpers/upstream.ts'

const answer = JSON.stringify(anthropicMessage({ text: ['Hi'] }))
const whole = `${head('200 OK', 'content-type: application/json', `content-length: ${answer.length}`)}${answer}`
const messages = [{ role: 'user', content: 'Hi' }]
const body = { model: 'claude-sonnet-4-5', max_tokens: 10, messages }
const roads = [
  { name: 'on the same-API road', path: '/v1/messages' },
  { name: 'translated', path: '/v1/chat/completions' },
]

/** The last two headers of each request; the second connection hangs up at once where `hangsUp`. */
async function lastHeaders(t: TestContext, path: string, hangsUp: boolean): Promise<string[][]> {
  const heads: string[][] = []
  const upstream = await rawUpstream(t, (socket, request) => {
    heads.push(request.split('\r\n\r\n')[0]!.split('\r\n').slice(1))
    if (hangsUp && heads.length === 2) socket.resetAndDestroy()
    else socket.write(whole)
  })
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url),
    env: { FACTORY_API_KEY: 'fk-of-the-account' },
  })
  for (let count = 0; count < 2; count++) {
    const response = await post(proxy.url + path, body)
    assert.equal(response.status, 200, await response.text())
  }
  return heads
}

for (const { name, path } of roads) {
  test(`contract §7.8: no header goes up that the program has not made, ${name}`, async (t) => {
    const heads = await lastHeaders(t, path, false)

    // Node writes those that it adds with a capital letter
    for (const lines of heads) {
      const names = lines.map((line) => line.split(':')[0]!)
      assert.deepEqual(
        names.filter((one) => one !== one.toLowerCase()),
        [],
      )
      assert.equal(lines.at(-1), 'connection: keep-alive')
    }
  })

  test(`contract §7.8: a repeat on a connection of its own says that it is one, ${name}`, async (t) => {
    const heads = await lastHeaders(t, path, true)

    assert.deepEqual(
      heads.map((lines) => lines.at(-1)),
      ['connection: keep-alive', 'connection: keep-alive', 'connection: close'],
    )
  })
}
