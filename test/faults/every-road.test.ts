/** What holds for one request on each way through the proxy: nothing waits, nothing is taken for something else. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { deferred } from '../helpers/deferred.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Step } from '../helpers/upstream.ts'
import { roads } from './roads.ts'

const oddModels = [
  '__proto__',
  'constructor',
  'toString',
  '../gpt-5.1',
  'gpt-5.1\n',
  ' gpt-5.1',
  'gpt-5.1\u0000',
  'x'.repeat(10_000),
  '',
]

for (const { name, path, ask, stream, body } of roads) {
  test(`row 5: ${name}: each event arrives while the upstream still writes`, async (t) => {
    const gate = deferred()
    const sse: Step[] = stream(['first', 'second'])
    const second = (sse as string[]).findIndex((event) => event.includes('"second"'))
    sse.splice(second, 0, { until: gate.promise })
    const upstream = await startUpstream(t, [{ sse }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const answer = await post(url + path, { ...ask, stream: true })
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    let seen = ''
    while (!seen.includes('first')) seen += (await reader.read()).value
    const early = seen.includes('second')
    gate.resolve()
    while (!seen.includes('second')) seen += (await reader.read()).value

    assert.equal(early, false)
  })

  test(`row 19: ${name}: broken UTF-8 is a 400, not a guess`, async (t) => {
    const upstream = await startUpstream(t, [])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const json = JSON.stringify({ ...ask, user: '?' })
    const bytes = Buffer.from(json, 'latin1')
    bytes[json.lastIndexOf('?')] = 0xff

    const answer = await post(url + path, bytes)

    assert.equal(answer.status, 400)
    assert.match(await answer.text(), /UTF-8/)
    assert.equal(upstream.requests.length, 0)
  })

  test(`row 19: ${name}: an odd model name is unknown, and no other model's`, async (t) => {
    const upstream = await startUpstream(t, [])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    for (const model of oddModels) {
      const answer = await post(url + path, { ...ask, model })
      assert.equal(answer.status, model === '' ? 400 : 404, JSON.stringify(model.slice(0, 20)))
    }
    assert.equal(upstream.requests.length, 0)
  })

  test(`row 19: ${name}: of two models the one that was checked is the one that is sent`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: body(['Hi']) }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const json = JSON.stringify(ask)

    const lastKnown = await post(url + path, `{"model":"secret-model",${json.slice(1)}`)
    const lastUnknown = await post(url + path, `${json.slice(0, -1)},"model":"secret-model"}`)

    assert.deepEqual([lastKnown.status, lastUnknown.status], [200, 404])
    assert.equal(upstream.requests.length, 1)
    const sent = upstream.requests[0]!.body.toString()
    assert.equal(sent.match(/"model":/g)?.length, 1)
    assert.match(sent, new RegExp(`"model":"${String(ask.model)}"`))
  })

  test(`row 19: ${name}: __proto__ in a body changes no object of ours`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: body(['Hi']) }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const json = JSON.stringify(ask)
    const evil = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}'

    const beside = await post(url + path, `{${evil},${json.slice(1)}`)
    const behind = await post(url + path, `{"__proto__":${json}}`)

    assert.deepEqual([beside.status, behind.status], [200, 400])
    assert.equal(({} as { polluted?: number }).polluted, undefined)
    assert.equal(upstream.requests.length, 1)
  })

  test(`row 23: ${name}: Expect: 100-continue gets its 100, and the upstream the account's key`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: body(['Hi']) }))
    const { url } = await startProxy(t, {
      config: oneUpstream(upstream.url),
      env: { FACTORY_API_KEY: 'fk-the-account-key' },
    })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    const json = JSON.stringify(ask)
    const headers = `host: localhost\r\nconnection: close\r\ncontent-length: ${json.length}`
    const secret = 'authorization: Bearer caller\r\nexpect: 100-continue'

    socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\n${secret}\r\n\r\n`)
    const [invited] = (await once(socket, 'data')) as [Buffer]
    socket.write(json)
    const answer = await text(socket)

    assert.match(invited.toString(), /^HTTP\/1\.1 100 /)
    assert.match(answer, /^HTTP\/1\.1 200 /)
    const { headers: sent } = upstream.requests[0]!
    assert.equal(sent.authorization, 'Bearer fk-the-account-key')
    assert.equal(sent.expect, undefined)
  })
}
