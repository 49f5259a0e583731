/**
 * What holds for a request on each road between a client and a model of another API: the operator's settings, the order of a
 * conversation, tools, and reasoning.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { anthropicMessage, responsesBody } from '../helpers/upstream.ts'
import { ask, clients, roads, type Turn, type Type } from './requests.ts'

/** Every text of what leads the conversation. */
function leading(type: Type, sent: JsonObject = {}): unknown {
  const texts = (parts: unknown) => (parts as JsonObject[]).map(({ text }) => text).join('\n\n')
  switch (type) {
    case 'anthropic':
      return texts(sent.system)
    case 'openai':
      return sent.instructions
    case 'common':
      return (sent.messages as JsonObject[])[0]?.content
    case 'google':
      return texts((sent.systemInstruction as JsonObject).parts)
    default:
      throw type satisfies never
  }
}

const hi: Turn[] = [{ user: 'Hi' }]

for (const { road, client, type } of roads) {
  test(`§1.5 ${road}: the operator's prompt goes first, once`, async (t) => {
    for (const own of ['Be brief.', 'Of the operator.\n\nBe brief.']) {
      const body = client.ask([{ system: own }, ...hi])
      const config = { system_prompt: 'Of the operator.' }
      const { sent } = await ask(t, { client, type }, body, { config })

      assert.equal(leading(type, sent), 'Of the operator.\n\nBe brief.')
    }
  })

  test(`§1.3 ${road}: the most tokens of the entry hold for the client, too`, async (t) => {
    const body = { ...client.ask(hi), [client.limit]: 5000 }
    const { sent } = await ask(t, { client, type }, body, { model: { max_output_tokens: 1000 } })

    const { maxOutputTokens } = (sent?.generationConfig ?? {}) as JsonObject
    const limit = sent?.max_tokens ?? sent?.max_output_tokens ?? maxOutputTokens
    assert.equal(limit, 1000)
  })

  test(`§14 ${road}: an entry with fast asks for it unless the client chose a tier`, async (t) => {
    const fast = { model: { fast: true } }
    const { sent, headers } = await ask(t, { client, type }, client.ask(hi), fast)
    const chosen = await ask(t, { client, type }, { ...client.ask(hi), ...client.tier }, fast)

    const wanted = {
      anthropic: undefined,
      common: undefined,
      openai: 'priority',
      google: 'priority',
    }
    const usual = {
      anthropic: 'standard_only',
      common: undefined,
      openai: 'default',
      google: 'standard',
    }
    assert.equal(sent?.service_tier ?? sent?.serviceTier, wanted[type])
    assert.equal(/fast-mode/.test(String(headers?.['anthropic-beta'])), type === 'anthropic')
    assert.equal(chosen.sent?.service_tier ?? chosen.sent?.serviceTier, usual[type])
  })

  test(`§5.1 ${road}: versions and betas of Anthropic go to nobody else`, async (t) => {
    const own = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'some-beta' }
    const { headers } = await ask(t, { client, type }, client.ask(hi), { headers: own })

    assert.equal('anthropic-version' in headers!, type === 'anthropic')
    assert.equal('anthropic-beta' in headers!, type === 'anthropic')
  })

  test(`§5.3, §7.3, §11.2, §15.2 ${road}: each call has its result and each result its call`, async (t) => {
    const turns: Turn[] = [
      ...hi,
      { called: 'lost' },
      { user: 'And now?' },
      { answered: 'unknown', text: 'nobody asked' },
      { called: 'found' },
      { answered: 'found', text: 'seen' },
    ]
    const body = { ...client.ask(turns), tools: [client.tool('look')] }
    const { sent } = await ask(t, { client, type }, body)

    const text = JSON.stringify(sent)
    assert.match(text, /No result was provided for this tool call\./)
    assert.match(text, /Tool result \(unknown\):/)
    assert.match(text, /nobody asked/)
    assert.equal(strings(sent).filter((one) => /^(?:No result was|seen)/.test(one)).length, 2)
  })

  test(`§17.2 ${road}: where nothing is left to answer it is a 400 of our own`, async (t) => {
    const { status, answer, sent } = await ask(t, { client, type }, client.ask([{ user: '' }]))

    assert.equal(status, 400)
    assert.match(client.error(answer).message, /nothing to answer/)
    assert.equal(sent, undefined)
  })

  test(`§16.5, §17.4 ${road}: a choice of a tool that is not declared is a 400`, async (t) => {
    const body = {
      ...client.ask(hi),
      tools: [client.tool('look')],
      tool_choice: client.forced('another'),
    }
    const { status, answer, sent } = await ask(t, { client, type }, body)

    assert.equal(status, 400)
    assert.match(client.error(answer).message, /another/)
    assert.equal(sent, undefined)
  })

  test(`§12.1, §16.5, §17.4 ${road}: two tools of one name that differ are a 400`, async (t) => {
    const other = { ...client.tool('look'), input_examples: [{}] }
    const body = { ...client.ask(hi), tools: [client.tool('look'), other] }
    const { status, answer } = await ask(t, { client, type }, body)

    assert.equal(status, 400)
    assert.match(client.error(answer).message, /look/)
  })

  test(`§5.7, §16.5, §17.4 ${road}: a search goes up alone, chosen, and beside tools where the entry lets it`, async (t) => {
    const { tools: [listed] = [], ...asked } = client.search as { tools?: JsonObject[] }
    const alone = { ...client.ask(hi), ...client.search }
    const tools = [client.tool('look'), ...(listed ? [listed] : [])]
    const beside = { ...client.ask(hi), ...asked, tools }
    const allowed = { model: { web_search: true } }

    const chosen = { ...beside, tool_choice: client.searching }
    const [one, two, three, four] = [
      await ask(t, { client, type }, alone),
      await ask(t, { client, type }, beside),
      await ask(t, { client, type }, beside, allowed),
      await ask(t, { client, type }, chosen),
    ]

    if (type === 'common') {
      assert.equal(one.status, 400)
      assert.match(client.error(one.answer).message, /web_search is not available on the model/)
      assert.equal(four.status, 400)
    } else assert.ok(searches(one.sent))
    const isSent = type === 'openai' || client.asksForSearch === true
    assert.equal(searches(two.sent), isSent)
    assert.equal(two.dropped, isSent ? null : 'tools.web_search')
    assert.equal(searches(three.sent), type !== 'common')
    assert.equal(searches(four.sent), type !== 'common')
    // Gemini cannot be made to search
    if (client.searching && type === 'google') assert.equal(four.dropped, 'tool_choice')
  })
}

const secret = 'the inner voice'

/** An answer of a model that thinks, whatever it was asked. */
const thoughtful: Record<Type, object> = {
  anthropic: anthropicMessage({ thinking: [secret], text: ['Hi'] }),
  openai: responsesBody({ thinking: [secret], text: ['Hi'], encrypted_content: 'enc' }),
  common: {
    choices: [{ message: { reasoning_content: secret, content: 'Hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 7 },
  },
  google: {
    candidates: [
      {
        content: { parts: [{ text: secret, thought: true }, { text: 'Hi' }] },
        finishReason: 'STOP',
      },
    ],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 7 },
  },
}

for (const { road, client, type } of roads) {
  test(`§1.3 ${road}: of a model whose level is off nobody reads reasoning, whatever the client wishes`, async (t) => {
    const body = { ...client.ask(hi), ...client.reasoning }
    const answer = thoughtful[type]
    const off = await ask(t, { client, type }, body, { answer, model: { reasoning: 'off' } })
    const open = await ask(t, { client, type }, body, { answer })

    assert.ok(strings(off.answer).includes('Hi'))
    assert.ok(!JSON.stringify(off.answer).includes(secret))
    assert.ok(JSON.stringify(open.answer).includes(secret))
  })
}

for (const { road, client, type } of roads) {
  test(`§10.5, §17 ${road}: headers in which an upstream speaks of itself do not come back`, async (t) => {
    // Codex takes these for its own service's: another model's name there is shown to the user as a warning
    const answerHeaders = {
      'openai-model': 'another',
      'x-models-etag': 'e',
      'x-reasoning-included': 'true',
      'x-codex-primary-used-percent': '12',
      'set-cookie': 'a=b',
    }
    const { back } = await ask(t, { client, type }, client.ask(hi), {
      answer: thoughtful[type],
      answerHeaders,
    })

    for (const name of Object.keys(answerHeaders)) assert.equal(back.get(name), null, name)
    assert.ok(back.get('x-request-id'))
    const isMessages = client.route === '/v1/messages'
    assert.equal(back.get('request-id'), isMessages ? back.get('x-request-id') : null)
  })

  test(`contract §9 ${road}: the log has the client's route, the endpoint and the tokens, and nothing of what was said`, async (t) => {
    const ids = ['call_of_the_client', 'what the tool gave']
    const turns: Turn[] = [
      { user: 'a question' },
      { called: ids[0]! },
      { answered: ids[0]!, text: ids[1]! },
    ]
    const body = { ...client.ask(turns), tools: [client.tool('look')], ...client.reasoning }
    const { logs, rawLog } = await ask(t, { client, type }, body, { answer: thoughtful[type] })

    const line = logs.find(({ msg }) => msg === 'request')
    assert.deepEqual(
      [line?.route, line?.upstream, line?.status, line?.inputTokens, line?.outputTokens],
      [client.route, 'e', 200, 10, 7],
    )
    for (const said of [...ids, 'a question', secret, 'd2a1.', 'enc"', 'Hi"']) {
      assert.ok(!rawLog.includes(said), said)
    }
  })

  if (client.route === '/v1/chat/completions') continue
  test(`§16.1, §17.1 ${road}: without stream it is a body, whatever default_stream is`, async (t) => {
    const curl = { accept: 'text/event-stream', 'user-agent': 'curl/8.5.0' }
    const setting = { answer: thoughtful[type], headers: curl, config: { default_stream: true } }
    const { back, sent } = await ask(t, { client, type }, client.ask(hi), setting)

    assert.equal(back.get('content-type')?.split(';')[0], 'application/json')
    assert.notEqual(sent?.stream, true)
  })
}

type Choice = 'any' | 'none' | 'named'

/** The choice of a tool in the words of each API. */
const choices: Record<Type, Record<Choice, unknown>> = {
  anthropic: {
    any: { type: 'any' },
    none: { type: 'none' },
    named: { type: 'tool', name: 'look' },
  },
  openai: { any: 'required', none: 'none', named: { type: 'function', name: 'look' } },
  common: {
    any: 'required',
    none: 'none',
    named: { type: 'function', function: { name: 'look' } },
  },
  google: {
    any: { mode: 'ANY' },
    none: { mode: 'NONE' },
    named: { mode: 'ANY', allowedFunctionNames: ['look'] },
  },
}

function choiceIn(sent: JsonObject | undefined): unknown {
  return sent?.tool_choice ?? (sent?.toolConfig as JsonObject | undefined)?.functionCallingConfig
}

/** As servers make them: Kimi prints its own into the prompt, where another would confuse it. */
const ids = ['call_1', 'functions.look:0', `toolu_${'x'.repeat(74)}`]

const idPatterns = { anthropic: /^[\w-]{1,64}$/, openai: /^.{1,64}$/, common: /^.{1,40}$/ }

/** The ids of the calls and results that went up. */
function idsIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Object.entries(value).filter(([name]) =>
    /^(?:id|call_id|tool_(?:use|call)_id)$/.test(name),
  )
  return [...own.map(([, id]) => id), ...Object.values(value).flatMap(idsIn)]
}

for (const { road, client, type } of roads) {
  test(`§5.8, §7.4, §11.2, §15.3 ${road}: the choice of a tool is the model's own word for it`, async (t) => {
    const body = { ...client.ask(hi), tools: [client.tool('look'), client.tool('see')] }
    const wishes = {
      any: client.any,
      none: client.none,
      named: { tool_choice: client.forced('look') },
    }
    for (const [name, wish] of Object.entries(wishes)) {
      const { sent } = await ask(t, { client, type }, { ...body, ...wish })

      assert.deepEqual(choiceIn(sent), choices[type][name as Choice])
    }
    const { sent, dropped } = await ask(t, { client, type }, { ...body, ...client.serial })

    const isSerial =
      sent?.parallel_tool_calls === false ||
      (sent?.tool_choice as JsonObject | undefined)?.disable_parallel_tool_use === true
    assert.equal(isSerial, type !== 'google')
    assert.equal(dropped !== null, type === 'google')
  })

  test(`§5.4, §7.3, §11.2, §15.2 ${road}: ids of calls go up as the model's API takes them, a call's and its result's alike`, async (t) => {
    for (const id of ids) {
      const turns: Turn[] = [...hi, { called: id }, { answered: id, text: 'seen' }]
      const body = { ...client.ask(turns), tools: [client.tool('look')] }
      const { sent } = await ask(t, { client, type }, body)
      const all = idsIn(sent)

      if (type === 'google') {
        assert.deepEqual(all, [], 'an id that is not surely the model’s')
        continue
      }
      assert.equal(all.length, 2)
      assert.equal(all[0], all[1])
      const pattern = idPatterns[type]
      assert.match(String(all[0]), pattern)
      assert.equal(all[0] === id, pattern.test(id))
    }
  })
}

const hosted = [
  {
    client: clients.messages!,
    tool: { type: 'web_fetch_20250910', name: 'web_fetch' },
    name: 'web_fetch',
  },
  {
    client: clients.messages!,
    tool: { type: 'code_execution_20250825', name: 'code_execution' },
    name: 'code_execution',
  },
  {
    client: clients.messages!,
    tool: { type: 'mcp_toolset', mcp_server_name: 's' },
    name: 'mcp_toolset',
  },
  {
    client: clients.responses!,
    tool: { type: 'file_search', vector_store_ids: ['v'] },
    name: 'file_search',
  },
  {
    client: clients.responses!,
    tool: { type: 'code_interpreter', container: 'c' },
    name: 'code_interpreter',
  },
  { client: clients.responses!, tool: { type: 'image_generation' }, name: 'image_generation' },
  { client: clients.responses!, tool: { type: 'mcp', server_label: 's' }, name: 'mcp' },
]

for (const { client, tool, name } of hosted) {
  for (const { road, type } of roads.filter((one) => one.client === client)) {
    test(`§16.5, §17.4 ${road}: ${name} beside other tools is dropped by its name`, async (t) => {
      const body = { ...client.ask(hi), tools: [tool, client.tool('look')] }
      const { sent, dropped } = await ask(t, { client, type }, body)

      assert.equal(dropped, `tools.${name}`)
      assert.ok(JSON.stringify(sent?.tools).includes('look'))
      assert.ok(!JSON.stringify(sent).includes(name))
    })
  }
}

const domains = [
  { client: clients.messages!, tool: { blocked_domains: ['x.org'] } },
  { client: clients.messages!, tool: { allowed_domains: ['x.org'] } },
  { client: clients.responses!, tool: { filters: { blocked_domains: ['x.org'] } } },
  { client: clients.responses!, tool: { filters: { allowed_domains: ['x.org'] } } },
]

for (const { client, tool } of domains) {
  for (const type of roads.filter((road) => road.client === client).map((road) => road.type)) {
    if (type === 'common') continue
    test(`§5.2, §16.5, §17.4 ${client.route} to ${type}: ${JSON.stringify(tool)} limits a search, or is dropped`, async (t) => {
      const { tools: [search] = [] } = client.search as { tools?: JsonObject[] }
      const body = { ...client.ask(hi), tools: [{ ...search, ...tool }] }
      const { sent, dropped } = await ask(t, { client, type }, body)

      const isSent = JSON.stringify(sent).includes('x.org')
      assert.equal(isSent, type !== 'google')
      assert.equal(dropped, isSent ? null : 'tools.web_search')
    })
  }
}

/** Every string, wherever it stands. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}

function searches(sent: JsonObject | undefined): boolean {
  const tools = Array.isArray(sent?.tools) ? sent.tools.filter(isObject) : []
  return tools.some(
    ({ type, googleSearch }) => googleSearch || String(type).startsWith('web_search'),
  )
}
