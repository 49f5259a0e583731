/** What chat clients leave out or write in words of their own, on each kind of model that is translated to. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { everyType, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, responsesBody, startUpstream } from '../helpers/upstream.ts'

const hello = { role: 'user', content: 'x' }
const gemini = { candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] }

type Sent = Record<string, unknown>

async function start(t: TestContext) {
  const upstream = await startUpstream(t, ({ url }) => {
    if (url === '/v1/responses') return { body: responsesBody({ text: ['Hi'] }) }
    if (url.endsWith('generateContent')) return { body: gemini }
    return { body: anthropicMessage({ text: ['Hi'] }) }
  })
  const config = everyType(upstream.url, {}, ['gemini-2.5-flash', 'gemini-3-pro'])
  const { url } = await startProxy(t, { config })
  return async (model: string, body: object) => {
    const back = await post(`${url}/v1/chat/completions`, { model, messages: [hello], ...body })
    await back.text()
    assert.equal(back.status, 200)
    const dropped = back.headers.get('x-droid2api-dropped') ?? ''
    return { sent: upstream.requests.at(-1)?.json() as Sent, dropped }
  }
}

function call(name: string, id?: string | null) {
  return { ...(id !== undefined && { id }), type: 'function', function: { name, arguments: '{}' } }
}

test('translation §4: calls without ids meet their results, by name or in their order', async (t) => {
  const ask = await start(t)
  const messages = [
    hello,
    { role: 'assistant', content: '', tool_calls: [call('look'), call('see', null)] },
    { role: 'tool', name: 'see', content: 'seen' },
    { role: 'tool', content: 'looked' },
    { role: 'assistant', content: '', tool_calls: [call('look', 'c')] },
    { role: 'tool', content: 'again' },
  ]
  const results = new Set(['see: seen', 'look: looked', 'look: again'])

  const claude = (await ask('claude-sonnet-4-5', { messages })).sent
  const gpt = (await ask('gpt-5.1', { messages })).sent

  const blocks = (claude.messages as { content: Sent[] }[]).flatMap(({ content }) => content)
  const names = new Map(blocks.map(({ id, name }) => [id, name]))
  const answered = blocks
    .filter(({ type }) => type === 'tool_result')
    .map((block) => `${String(names.get(block.tool_use_id))}: ${String(block.content)}`)
  assert.deepEqual(new Set(answered), results)
  const items = gpt.input as Sent[]
  const called = new Map(items.map((item) => [item.name && item.call_id, item.name]))
  const outputs = items
    .filter(({ type }) => type === 'function_call_output')
    .map((item) => `${String(called.get(item.call_id))}: ${String(item.output)}`)
  assert.deepEqual(new Set(outputs), results)
})

test('translation §5.8: a choice without a type is of the tool that it names', async (t) => {
  const ask = await start(t)
  const tools = [{ type: 'function', function: { name: 'look' } }]

  for (const tool_choice of [{ function: { name: 'look' } }, { name: 'look' }]) {
    const { sent } = await ask('claude-sonnet-4-5', { tools, tool_choice })
    assert.deepEqual(sent.tool_choice, { type: 'tool', name: 'look' })
  }
})

test('translation §1.3: Google’s own words for thinking count where no others came (gcli2api #131)', async (t) => {
  const ask = await start(t)
  const wish = (config: unknown, more: object = {}) => ({
    extra_body: { google: { thinking_config: config } },
    ...more,
  })
  const thinking = async (model: string, body: object) => {
    const { sent, dropped } = await ask(model, body)
    const { thinkingConfig } = (sent.generationConfig ?? {}) as Sent
    return [sent.thinking ?? sent.reasoning ?? thinkingConfig, dropped]
  }
  const flash = 'gemini-2.5-flash'

  assert.deepEqual(await thinking(flash, wish({ thinking_budget: 2000 })), [
    { includeThoughts: true, thinkingBudget: 2000 },
    '',
  ])
  assert.deepEqual(await thinking(flash, wish({ thinking_budget: 0 })), [{ thinkingBudget: 0 }, ''])
  assert.deepEqual(await thinking(flash, wish({ thinking_budget: -1 })), [
    { includeThoughts: true },
    '',
  ])
  assert.deepEqual(
    await thinking('gemini-3-pro', wish({ thinking_level: 'LOW', include_thoughts: false })),
    [{ thinkingLevel: 'LOW' }, ''],
  )
  assert.deepEqual(await thinking('claude-sonnet-4-5', wish({ thinking_budget: 2000 })), [
    { type: 'enabled', budget_tokens: 2000 },
    '',
  ])
  assert.deepEqual(await thinking('gpt-5.1', wish({ thinking_budget: 2000 })), [
    { effort: 'low', summary: 'auto' },
    'extra_body.google.thinking_config',
  ])
  assert.deepEqual(
    await thinking('gpt-5.1', wish({ thinking_budget: 0 }, { reasoning_effort: 'high' })),
    [{ effort: 'high', summary: 'auto' }, ''],
  )
  assert.deepEqual(await thinking(flash, { extra_body: { google: 1 } }), [
    { includeThoughts: true },
    '',
  ])
})

test('translation §5.4, §15.2: JSON in the text of a history that is nested too deeply to be worked on stays text', async (t) => {
  const ask = await start(t)
  const nested = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
  const history = (text: string) => ({
    messages: [
      hello,
      { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'look', arguments: text } }] },
      { role: 'tool', tool_call_id: 'c', content: text },
    ],
  })
  const deep = nested(20_000)

  const claude = (await ask('claude-sonnet-4-5', history(deep))).sent
  const refused = (await ask('gemini-3-pro', history(nested(31)))).sent
  const taken = (await ask('gemini-3-pro', history(nested(30)))).sent
  await ask('gemini-3-pro', history(deep))

  const [, answer] = claude.messages as { content: Sent[] }[]
  assert.deepEqual(answer?.content[0]?.input, { raw_arguments: deep })
  const partsOf = ({ contents }: Sent) =>
    (contents as { parts: Record<string, Sent>[] }[]).slice(1).map(({ parts }) => parts[0])
  const [asText, resultText] = partsOf(refused)
  assert.deepEqual(asText?.functionCall?.args, { raw_arguments: nested(31) })
  assert.deepEqual(resultText?.functionResponse?.response, { output: nested(31) })
  const [asValue, result] = partsOf(taken)
  assert.deepEqual(asValue?.functionCall?.args, JSON.parse(nested(30)))
  assert.deepEqual(result?.functionResponse?.response, JSON.parse(nested(30)))
})

test('translation §5.4, §15.2: arguments that a client has written as JSON twice are the object (koog #2095)', async (t) => {
  const ask = await start(t)
  const argsOf = async (args: unknown) => {
    const written = { id: 'c', function: { name: 'look', arguments: JSON.stringify(args) } }
    const messages = [hello, { role: 'assistant', tool_calls: [written] }, hello]
    const claude = (await ask('claude-sonnet-4-5', { messages })).sent.messages
    return JSON.stringify([claude, (await ask('gemini-3-pro', { messages })).sent.contents])
  }

  assert.match(await argsOf('{"a":1}'), /"input":\{"a":1\}.*"args":\{"a":1\}/)
  assert.match(await argsOf('x'), /"input":\{"value":"x"\}.*"args":\{"value":"x"\}/)
  assert.match(await argsOf('[1]'), /"input":\{"value":"\[1\]"\}.*"args":\{"value":"\[1\]"\}/)
})

test('translation §5.4: a call without a name in the history does not end the session (github/app #2894)', async (t) => {
  const ask = await start(t)

  for (const name of ['', null]) {
    const messages = [
      hello,
      { role: 'assistant', tool_calls: [{ id: 'c', function: { name, arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c', content: 'There is no such tool.' },
    ]
    const { sent } = await ask('claude-sonnet-4-5', { messages })

    const [, answer] = sent.messages as { content: Sent[] }[]
    assert.deepEqual(answer?.content, [
      { type: 'tool_use', id: 'c', name: 'unknown_tool', input: {} },
    ])
  }
})

test('translation §5.4: a picture of the assistant is left out for models that make none, and named', async (t) => {
  const ask = await start(t)
  const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }
  const messages = [hello, { role: 'assistant', content: ['Here.', picture] }, hello]

  for (const model of ['claude-sonnet-4-5', 'gpt-5.1']) {
    const { sent, dropped } = await ask(model, { messages })

    assert.equal(dropped, 'messages.image_url')
    assert.ok(!JSON.stringify(sent).includes(png))
  }
})

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB'

test('translation §5.4: an image without a media type is known by its bytes', async (t) => {
  const ask = await start(t)
  const content = [{ type: 'image_url', image_url: { url: `data:;base64,${png}` } }]

  const { sent } = await ask('claude-sonnet-4-5', { messages: [{ role: 'user', content }] })

  assert.deepEqual((sent.messages as { content: unknown }[])[0]?.content, [
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
  ])
})

test('translation §15.2: audio as a data URL is sent as its data', async (t) => {
  const ask = await start(t)
  const audio = { data: 'data:audio/wav;base64,UklGRg==', format: 'wav' }
  const content = [{ type: 'input_audio', input_audio: audio }]

  const { sent } = await ask('gemini-3-pro', { messages: [{ role: 'user', content }] })

  assert.deepEqual((sent.contents as { parts: unknown }[])[0]?.parts, [
    { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
  ])
})
