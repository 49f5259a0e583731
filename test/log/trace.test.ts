/** Traces that clients count their requests to: W3C Trace Context, https://www.w3.org/TR/trace-context/ (2021). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roads } from '../faults/roads.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const id = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${id}-b7ad6b7169203331-01`

for (const { name, path, ask, body } of roads) {
  test(`contract §9.3: ${name}: a trace goes on to the upstream, and the log has its id`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: body(['Hi']) }))
    const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
    const headers = { traceparent, tracestate: 'vendor=a,other=b' }

    await (await post(proxy.url + path, ask, headers)).text()
    await (await post(proxy.url + path, ask)).text()

    const [traced, plain] = upstream.requests
    assert.equal(traced!.headers.traceparent, traceparent)
    assert.equal(traced!.headers.tracestate, 'vendor=a,other=b')
    assert.equal(plain!.headers.traceparent, undefined)
    const lines = proxy.logs.filter(({ msg }) => msg === 'request')
    assert.deepEqual(
      lines.map(({ traceId }) => traceId),
      [id, undefined],
    )
  })
}

for (const [what, header, logged] of [
  ['of a later version, with more in it', `01-${id}-b7ad6b7169203331-01-more`, id],
  ['of a later version, without more', `cc-${id}-b7ad6b7169203331-00`, id],
  ['with more than its version has', `${traceparent}-more`, undefined],
  ['of the version that is none', `ff-${id}-b7ad6b7169203331-01`, undefined],
  ['with an id of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
  ['with a parent of zeros', `00-${id}-0000000000000000-01`, undefined],
  ['in capitals', traceparent.toUpperCase(), undefined],
  ['that is cut', traceparent.slice(0, 40), undefined],
  ['that is made to fill the log', `00-${'a'.repeat(5000)}`, undefined],
] as const) {
  test(`contract §9.3: a trace ${what} is ${logged ? 'logged' : 'no trace'}`, async (t) => {
    const proxy = await startProxy(t)

    await (await fetch(`${proxy.url}/v1/models`, { headers: { traceparent: header } })).text()

    const line = proxy.logs.find(({ msg }) => msg === 'request')!
    assert.equal(line.traceId, logged)
  })
}
