/** What the translated road writes, up and down: numbers with all their digits, text that every parser takes. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  responsesBody,
  sse,
  startUpstream,
  type Answer,
} from '../helpers/upstream.ts'

const roads = [
  { api: 'anthropic', model: 'claude-sonnet-4-5' },
  { api: 'openai', model: 'gpt-5.1' },
  { api: 'common', model: 'glm-4.6' },
]

/** Asks with a text that is JSON, or should be; what came back and what went up. */
async function ask(t: TestContext, body: string, answer?: Answer) {
  const told = answer ?? { body: body.includes('gpt-') ? responsesBody({}) : anthropicMessage({}) }
  const upstream = await startUpstream(t, [told])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const back = await post(`${url}/v1/chat/completions`, Buffer.from(body))
  const text = await back.text()
  return { back, text, up: upstream.requests[0]?.body.toString('utf8') ?? '' }
}

const digits = ['12345678901234567890', '1.0', '1e400', '-0', '0.1e-7', '1E5']
const list = `[${digits.join(',')}]`

const schema = `{"type":"object","properties":{"n":{"type":"number","enum":${list}}}}`
const tools = `[{"type":"function","function":{"name":"look","parameters":${schema}}}]`
const calls = `[{"id":"c1","type":"function","function":{"name":"look","arguments":ARGUMENTS}}]`
const turns = `[{"role":"user","content":"x"},{"role":"assistant","tool_calls":${calls}},{"role":"tool","tool_call_id":"c1","content":"n is ${list}"}]`

function history(model: string, args: string): string {
  return `{"model":"${model}","max_tokens":200,"messages":${turns.replace('ARGUMENTS', () => args)},"tools":${tools}}`
}

for (const { api, model } of roads) {
  test(`KT6: schemas, arguments and results keep their digits on the way to ${api}`, async (t) => {
    const { back, up } = await ask(t, history(model, JSON.stringify(`{"n":${list}}`)))

    assert.equal(back.status, 200)
    assert.ok(up.includes(`"enum":${list}`), up)
    assert.ok(up.includes(`n is ${list}`), up)
    const args = api === 'anthropic' ? `"input":{"n":${list}}` : JSON.stringify(`{"n":${list}}`)
    assert.ok(up.includes(args), up)
  })

  test(`KT6: arguments that are an object keep their digits on the way to ${api}`, async (t) => {
    const { back, up } = await ask(t, history(model, `{"n":${list}}`))

    assert.equal(back.status, 200)
    assert.ok(up.includes(api === 'openai' ? `"{\\"n\\":${list}}"` : `{"n":${list}}`), up)
  })

  test(`KT6: limits may be written as 200.0 on the way to ${api}`, async (t) => {
    const body = `{"model":"${model}","max_tokens":200.0,"temperature":1.0,"n":1.0,"messages":[{"role":"user","content":"x"}]}`

    const { back, up } = await ask(t, body)

    assert.equal(back.status, 200)
    const sent = JSON.parse(up) as Record<string, unknown>
    assert.equal(sent.max_tokens ?? sent.max_output_tokens, 200)
    if (api === 'common') assert.ok(up.includes('"max_tokens":200.0,"temperature":1.0'), up)
  })
}

test('KT6: unknown members keep their digits on the way to common', async (t) => {
  const { up } = await ask(
    t,
    `{"model":"glm-4.6","seed":${digits[0]},"own":{"a":${list}},"messages":[{"role":"user","content":"x"}]}`,
  )

  assert.ok(up.includes(`"seed":${digits[0]},"own":{"a":${list}}`), up)
})

test('KT6: of a number in a wrong place only the fault is told', async (t) => {
  const wrong = ['{"model":"gpt-5.1","messages":[{"role":"user","content":1.0}]}']
  wrong.push(
    '{"model":"gpt-5.1","messages":[{"role":"user","content":[{"type":"text","text":1.0}]}]}',
  )
  wrong.push('{"model":"gpt-5.1","max_tokens":-2.0,"messages":[{"role":"user","content":"x"}]}')
  wrong.push('{"model":"gpt-5.1","stream":1.0,"messages":[{"role":"user","content":"x"}]}')

  const told: string[] = []
  for (const body of wrong) told.push((await ask(t, body)).text)

  assert.match(told[0]!, /messages\[0\]\.content is 1\.0; send a string/)
  assert.match(told[1]!, /is a value of type number; send a string/)
  assert.match(told[2]!, /max_tokens is -2\.0; send at least 1/)
  assert.match(told[3]!, /stream is 1\.0; send a boolean/)
})

suite('T22: arguments keep their digits on the way down', () => {
  const input = `{"id":2512292042121000001,"n":${list}}`
  const block = `{"type":"tool_use","id":"toolu_1","name":"get_ticket","input":${input}}`
  const message = `{"id":"msg_1","type":"message","role":"assistant","content":[],"usage":{"input_tokens":1.0,"output_tokens":1}}`
  const body = message.replace(
    '"content":[]',
    () => `"content":[${block}],"stop_reason":"tool_use"`,
  )
  const stream = [
    sse('message_start', `{"type":"message_start","message":${message}}`),
    sse('b', `{"type":"content_block_start","index":0.0,"content_block":${block}}`),
    sse('b', '{"type":"content_block_stop","index":0.0}'),
    sse('m', '{"type":"message_delta","delta":{"stop_reason":"tool_use"}}'),
    sse('message_stop', '{"type":"message_stop"}'),
  ]
  const answers: [what: string, answer: Answer][] = [
    ['a body', { headers: { 'content-type': 'application/json' }, body }],
    ['the start event of a stream', { sse: stream }],
  ]
  for (const [what, answer] of answers) {
    for (const wanted of [false, true]) {
      test(`in ${what}, to a client that wants a ${wanted ? 'stream' : 'body'}`, async (t) => {
        const asked = `{"model":"claude-sonnet-4-5","stream":${wanted},"messages":[{"role":"user","content":"x"}]}`

        const { text } = await ask(t, asked, answer)

        assert.ok(text.includes(JSON.stringify(input)), text)
        if (!wanted) assert.ok(text.includes('"prompt_tokens":1,'), text)
      })
    }
  }
})

suite('T2: a lone half of a surrogate pair becomes U+FFFD', () => {
  const half = String.raw`cut \ud83d end \ude00 pair \ud83d\ude00 words \\ud83d`
  const whole = 'cut \ufffd end \ufffd pair 😀 words \\ud83d'
  const messages = [
    `{"role":"system","content":"${half}"}`,
    `{"role":"user","content":[{"type":"text","text":"${half}"}]}`,
    `{"role":"assistant","content":"${half}","tool_calls":${calls.replace('ARGUMENTS', () => JSON.stringify(`{"${half}":"${half}"}`))}}`,
    `{"role":"tool","tool_call_id":"c1","content":"${half}"}`,
  ]
  const described = `[{"type":"function","function":{"name":"look","description":"${half}","parameters":{"type":"object","properties":{"${half}":{}}}}}]`
  // to a model that speaks chat itself the client's bytes pass
  for (const { api, model } of roads.filter((road) => road.api !== 'common')) {
    test(`on the way to ${api}`, async (t) => {
      const body = `{"model":"${model}","messages":[${messages.join(',')}],"tools":${described}}`

      const { back, up } = await ask(t, body)

      assert.equal(back.status, 200)
      const strings = [...stringsOf(JSON.parse(up))]
      assert.equal(strings.filter((text) => text === whole).length, api === 'anthropic' ? 8 : 6)
      assert.ok(strings.every((text) => Buffer.from(text).toString() === text))
      if (api === 'openai') {
        const args = strings.find((text) => text.startsWith('{'))!
        assert.deepEqual(JSON.parse(args), { [whole]: whole })
      }
    })
  }

  test('on the way down, in a body', async (t) => {
    const body = JSON.stringify(anthropicMessage({ text: ['cut \ud83d end'] }))
    const asked = '{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"x"}]}'

    const { text } = await ask(t, asked, { headers: { 'content-type': 'application/json' }, body })

    assert.ok(text.includes('"content":"cut \ufffd end"'), text)
  })
})

/** All strings of a value, names of members too. */
function* stringsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    yield name
    yield* stringsOf(member)
  }
}
