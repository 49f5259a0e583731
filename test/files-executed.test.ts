/**
 * How many source files one request runs through, counted with V8's precise coverage around one request on a proxy that has
 * answered others before. It bounds how far a reader has to go to follow a request.
 */
import assert from 'node:assert/strict'
import { Session, type Profiler } from 'node:inspector/promises'
import { test } from 'node:test'
import { anthropicStream, startUpstream } from './helpers/upstream.ts'
import { oneUpstream, post, startProxy } from './helpers/proxy.ts'

const tools = [{ type: 'function', function: { name: 'read', parameters: { type: 'object' } } }]
const messages = [{ role: 'user', content: 'Hi' }]
const model = 'claude-sonnet-4-5'
const said = { text: ['I look.'], tools: [{ id: 'toolu_1', name: 'read', input: ['{}'] }] }

const asks = [
  {
    name: 'a chat request, streamed and with a tool, to a model of another API',
    path: '/v1/chat/completions',
    body: { model, messages, tools, stream: true },
    most: 45,
  },
  {
    name: 'a Messages request, streamed, to a model of that API',
    path: '/v1/messages',
    body: { model, messages, max_tokens: 100, stream: true },
    most: 28,
  },
]

for (const { name, path, body, most } of asks) {
  test(`${name} executes at most ${most} files`, async (t) => {
    const upstream = await startUpstream(t, () => ({ sse: anthropicStream(said) }))
    const proxy = await startProxy(t, {
      config: oneUpstream(upstream.url),
      env: { FACTORY_API_KEY: 'fk-of-the-account' },
    })
    const ask = async () => (await post(proxy.url + path, body)).text()
    for (let count = 0; count < 3; count++) await ask()

    const files = await filesExecuted(ask)

    assert.ok(files.length > 10, 'the counter works')
    assert.ok(files.length <= most, `${files.length} files:\n${files.join('\n')}`)
  })
}

/** The source files of which a function runs during `work`, in alphabetical order. */
async function filesExecuted(work: () => Promise<unknown>): Promise<string[]> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  await work()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  session.disconnect()
  return result
    .filter(hasRun)
    .flatMap(({ url }) => /\/((?:bin|lib|pipelines)\/[^?]+\.ts)/.exec(url)?.[1] ?? [])
    .toSorted()
}

function hasRun({ functions }: Profiler.ScriptCoverage): boolean {
  return functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
}
