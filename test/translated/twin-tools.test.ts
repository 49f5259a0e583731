/** Tools of one name: OpenAI takes them, so clients send them, and elsewhere one would fail every request of the session. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { cpuMsOf } from '../helpers/cpu-time.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, responsesBody, startUpstream } from '../helpers/upstream.ts'

const messages = [{ role: 'user', content: 'x' }]

function tool(name: string, properties: object = {}) {
  return { type: 'function', function: { name, parameters: { type: 'object', properties } } }
}

type Sent = { tools: { name: string; type?: string }[] }

async function start(t: TestContext) {
  const upstream = await startUpstream(t, (request) => {
    if (request.url === '/v1/responses') return { body: responsesBody({ text: ['Hi'] }) }
    const { name = '' } =
      (request.json() as Sent).tools.find(({ type }) => type === undefined) ?? {}
    return { body: anthropicMessage({ tools: [{ id: 'toolu_1', name, input: ['{}'] }] }) }
  })
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const ask = async (body: object) => {
    const back = await post(`${url}/v1/chat/completions`, { messages, ...body })
    const sent = upstream.requests.at(-1)?.json() as Sent | undefined
    return {
      status: back.status,
      text: await back.text(),
      names: sent?.tools.map((one) => one.name),
    }
  }
  return { ask }
}

test('translation §4: a tool that is declared twice in the same words goes up once (theia #16122)', async (t) => {
  const { ask } = await start(t)
  const flat = { type: 'function', name: 'look', parameters: { type: 'object', properties: {} } }
  const tools = [tool('look'), tool('see'), tool('look'), flat]

  for (const model of ['claude-sonnet-4-5', 'gpt-5.1']) {
    const { status, names } = await ask({ model, tools })

    assert.equal(status, 200)
    assert.deepEqual(names, ['look', 'see'])
  }
})

test('translation §4: two tools of one name that differ are a 400, since nobody knows which is meant', async (t) => {
  const { ask } = await start(t)
  const tools = [tool('look'), tool('look', { at: { type: 'string' } })]

  const { status, text } = await ask({ model: 'claude-sonnet-4-5', tools })

  assert.equal(status, 400)
  assert.match(text, /"param":"tools\[1\]\.name"/)
})

test('translation §4: one twin among many tools costs the others nothing', async (t) => {
  const { ask } = await start(t)
  const tools = Array.from({ length: 30_000 }, (_, index) => tool(`look_${index}`))

  const cpuMs = await cpuMsOf(async () => {
    const { names } = await ask({ model: 'claude-sonnet-4-5', tools: [...tools, tool('look_0')] })
    assert.equal(names?.length, tools.length)
  })
  // each compared with each took 7 s, in which nobody else was answered
  assert.ok(cpuMs < 4000, `${cpuMs} ms`)
})

test('translation §5.7: a tool with the name of Claude’s own search goes up under another, and comes back (LibreChat #13162)', async (t) => {
  const { ask } = await start(t)
  const own = { type: 'web_search_20250305', name: 'web_search' }

  for (const body of [
    { web_search_options: {}, tools: [tool('web_search')] },
    { tools: [own, tool('web_search')] },
  ]) {
    const { status, text, names = [] } = await ask({ model: 'claude-sonnet-4-5', ...body })

    assert.equal(status, 200)
    assert.equal(names.length, 2)
    assert.ok(names.includes('web_search'))
    assert.ok(names.some((name) => /^web_search_[0-9a-f]{8}$/.test(name)))
    assert.match(text, /"function":\{"name":"web_search"/)
  }
})

test('translation §5.7: a tool called web_search keeps its name where Claude’s own search is not asked for', async (t) => {
  const { ask } = await start(t)

  const { names } = await ask({ model: 'claude-sonnet-4-5', tools: [tool('web_search')] })

  assert.deepEqual(names, ['web_search'])
})
