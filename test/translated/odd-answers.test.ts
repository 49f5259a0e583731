/** Odd answers over real sockets: of whatever type, packed or not, cut or not, each ends, and none as a fault of ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import type { ClientApi, ModelType } from '../../pipelines/index.ts'
import { everyType, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Answer } from '../helpers/upstream.ts'
import {
  bytesOfEvents,
  changed,
  changes,
  framing,
  oddMembers,
  saysEnd,
} from '../pipelines/broken/mutations.ts'
import { readers } from '../pipelines/broken/seen.ts'
import { samples } from '../pipelines/providers/samples.ts'

/** `RUNS` is for a long search by hand. */
const numRuns = Number(process.env.RUNS ?? 40)

const models: Record<ModelType, string> = {
  anthropic: 'claude-sonnet-4-5',
  openai: 'gpt-5.1',
  common: 'glm-4.6',
  google: 'gemini-3-pro',
}
const own: Record<ModelType, ClientApi | undefined> = {
  anthropic: 'messages',
  openai: 'responses',
  common: 'chat',
  google: undefined,
}
const said = [{ role: 'user', content: 'x' }]
const routes: Record<ClientApi, { path: string; ask: object }> = {
  chat: { path: '/v1/chat/completions', ask: { messages: said } },
  messages: { path: '/v1/messages', ask: { messages: said, max_tokens: 9 } },
  responses: { path: '/v1/responses', ask: { input: 'x' } },
}

const packers: Record<string, (bytes: Buffer) => Buffer> = {
  none: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  'gzip cut': (bytes) => gzipSync(bytes).subarray(0, -9),
  'gzip in name only': (bytes) => bytes,
}

/** The bytes of an answer, as a stream or as a body, and how they are called. */
const given = fc.record({
  type: fc.constantFrom(...(Object.keys(models) as ModelType[])),
  isBody: fc.boolean(),
  framing,
  end: fc.option(fc.nat(20_000), { nil: undefined }),
  called: fc.constantFrom(
    'text/event-stream',
    'text/event-stream',
    'application/json',
    'text/html',
    '',
  ),
  packed: fc.constantFrom('none', 'none', ...Object.keys(packers)),
  hangsUp: fc.boolean(),
})
const odd = given.chain((how) =>
  fc.tuple(samples[how.type], changes, oddMembers).map(([{ events, body }, ofEvents, ofBody]) => {
    const whole = how.isBody
      ? Buffer.from(JSON.stringify(changed([{ data: body }], ofBody)[0]!.data))
      : bytesOfEvents(
          changed(
            events.map((data) => ({ data })),
            ofEvents,
          ),
          how.framing,
        )
    const bytes = how.end === undefined ? whole : whole.subarray(0, how.end % (whole.length + 1))
    return Object.assign({ bytes }, how)
  }),
)

type Odd = typeof odd extends fc.Arbitrary<infer One> ? One : never

function answerOf({ bytes, called, packed, hangsUp }: Odd): Answer {
  const [encoding = ''] = packed.split(' ')
  const headers = {
    ...(called !== '' && { 'content-type': called }),
    ...(encoding !== 'none' && { 'content-encoding': encoding }),
  }
  const steps = [packers[packed]!(bytes), ...(hangsUp ? [{ waitMs: 2 }, 'hang-up'] : [])]
  return { headers, sse: steps }
}

for (const api of Object.keys(routes) as ClientApi[]) {
  for (const stream of [true, false]) {
    test(`contract §6.6: whatever an upstream answers, a client of ${api} gets ${stream ? 'a stream' : 'a body'} or an error`, async (t) => {
      let answer: Answer = { body: {} }
      const upstream = await startUpstream(t, () => answer)
      const proxy = await startProxy(t, { config: everyType(upstream.url, { log_level: 'info' }) })
      const { path, ask } = routes[api]
      await fc.assert(
        fc.asyncProperty(odd, async (one) => {
          answer = answerOf(one)
          const before = proxy.logs.length
          const request = { ...ask, model: models[one.type], stream }
          const signal = AbortSignal.timeout(4000)
          const reply = await post(proxy.url + path, request, {}, signal).catch(broken)
          const told = await reply?.text().catch(broken)

          for (const { error } of proxy.logs.slice(before)) assert.notEqual(error, 'internal_error')
          if (own[one.type] === api) return checkPassed(one, told)
          assert.ok(reply && told !== undefined, 'a translated answer ends with words')
          if (reply.status !== 200) {
            assert.ok(reply.status >= 400, told)
            assert.ok(JSON.parse(told).error, told)
          } else if (stream) {
            const { isWhole } = await readers[api](told)
            assert.ok(!isWhole || saysEnd[one.type](one.bytes.toString(), '') || one.isBody)
          } else assert.ok(JSON.parse(told).id)
        }),
        { numRuns, includeErrorInReport: true },
      )
    })
  }
}

/** Only time ends what hangs. */
function broken(error: Error): undefined {
  assert.notEqual(error.name, 'TimeoutError')
  return undefined
}

/** Bytes that pass: a stream that did not say that it had ended, or failed, ends with an error or a cut connection. */
function checkPassed({ type, bytes, called, packed }: Odd, told: string | undefined): void {
  if (called !== 'text/event-stream' || packed !== 'none' || told === undefined) return
  const text = bytes.toString()
  if (saysEnd[type](text, '') || /error|failed|cancelled|\[DONE\]/.test(text)) return
  assert.match(told, /data: \{"error":[^\n]*\n\n$/)
}
