/** Answers of all providers, as events and as the body of the same answer, for properties. */
import * as fc from 'fast-check'
import type { ModelType } from '../../../pipelines/index.ts'
import type { JsonObject } from '../../../pipelines/json/value.ts'
import { textCutAt } from '../stages/slices.ts'
import { call as callPiece, chunk, content as textPiece, finish } from './common/chunks.ts'
import { added, at, block, completed, created, done, messageEnd, messageStart } from './events.ts'

/** One part of an answer: its events at an index, and the block or item that a body has for it. */
interface Part {
  events(index: number): JsonObject[]
  whole: JsonObject
}

const json = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 1 }), {
  maxKeys: 3,
  noNullPrototype: true,
})
const words = fc.string({ unit: 'grapheme', maxLength: 20 })
const cuts = fc.array(fc.nat(40), { maxLength: 4 })

function claudeText([text, places, url]: [string, number[], string | undefined]): Part {
  const citations = url ? [{ type: 'web_search_result_location', url, title: null }] : []
  const cited = citations.map((citation): [string, JsonObject] => ['citations_delta', { citation }])
  const texts = textCutAt(text, places).map((piece): [string, JsonObject] => [
    'text_delta',
    { text: piece },
  ])
  return {
    events: (index) => block(index, { type: 'text', text: '' }, ...cited, ...texts),
    whole: { type: 'text', text, citations },
  }
}

function claudeThinking([text, places, signature]: [string, number[], string]): Part {
  const texts = textCutAt(text, places).map((thinking): [string, JsonObject] => [
    'thinking_delta',
    { thinking },
  ])
  const start = { type: 'thinking', thinking: '', signature: '' }
  return {
    events: (index) => block(index, start, ...texts, ['signature_delta', { signature }]),
    whole: { type: 'thinking', thinking: text, signature },
  }
}

function claudeTool([input, places, id]: [JsonObject, number[], string]): Part {
  const text = Object.keys(input).length > 0 ? JSON.stringify(input) : ''
  const texts = textCutAt(text, places).map((piece): [string, JsonObject] => [
    'input_json_delta',
    { partial_json: piece },
  ])
  const tool = { type: 'tool_use', id: `toolu_${id}`, name: 'f' }
  return {
    events: (index) => block(index, { ...tool, input: {} }, ...texts),
    whole: { ...tool, input },
  }
}

/** A web search that the provider runs: its two blocks may come alone. */
const searchCall = {
  type: 'server_tool_use',
  id: 'srvtoolu_1',
  name: 'web_search',
  input: { query: 'q' },
}
const found = [{ type: 'web_search_result', url: 'https://a', title: 'A' }]
const searchResult = {
  type: 'web_search_tool_result',
  tool_use_id: searchCall.id,
  content: found,
}
const claudeSearch = fc.constantFrom<Part>(
  ...[searchCall, searchResult].map((whole) => ({
    events: (index: number) => block(index, whole),
    whole,
  })),
)

const claudePart = fc.oneof(
  claudeSearch,
  fc.tuple(words, cuts, fc.option(fc.constant('https://a'), { nil: undefined })).map(claudeText),
  fc.tuple(words, cuts, words).map(claudeThinking),
  fc.tuple(json, cuts, fc.uuid()).map(claudeTool),
  fc.constant<Part>({
    events: (index) => block(index, { type: 'redacted_thinking', data: 'x' }),
    whole: { type: 'redacted_thinking', data: 'x' },
  }),
)

/** Deltas, done events or both, as upstreams do. */
type Style = { deltas: boolean; dones: boolean }
const style = fc.record({ deltas: fc.boolean(), dones: fc.boolean() })

function openaiText([text, places, { deltas, dones }]: [string, number[], Style]): Part {
  const part = { type: 'output_text', text, annotations: [] }
  const whole = { type: 'message', id: 'm', content: [part] }
  return {
    events: (index) => [
      added(index, { type: 'message', content: [] }),
      ...(deltas ? textCutAt(text, places) : []).map((delta) =>
        at(index, 'output_text.delta', { delta }),
      ),
      ...(dones
        ? [at(index, 'output_text.done', { text }), at(index, 'content_part.done', { part })]
        : []),
      done(index, whole),
    ],
    whole,
  }
}

function openaiReasoning([texts, { deltas, dones }]: [string[], Style]): Part {
  const summary = texts.map((text) => ({ type: 'summary_text', text }))
  const whole = { type: 'reasoning', id: 'rs', summary, encrypted_content: 'x' }
  return {
    events: (index) => [
      added(index, { ...whole, summary: [], encrypted_content: 'partial' }),
      ...texts.flatMap((text, n) => [
        ...(deltas
          ? [at(index, 'reasoning_summary_text.delta', { summary_index: n, delta: text })]
          : []),
        ...(dones ? [at(index, 'reasoning_summary_text.done', { summary_index: n, text })] : []),
      ]),
      done(index, whole),
    ],
    whole,
  }
}

function openaiCall([input, places, { deltas, dones }]: [JsonObject, number[], Style]): Part {
  const text = Object.keys(input).length > 0 ? JSON.stringify(input) : ''
  const whole = { type: 'function_call', id: 'fc', call_id: 'call', name: 'f', arguments: text }
  const type = 'function_call_arguments'
  return {
    events: (index) => [
      added(index, { ...whole, arguments: '' }),
      ...(deltas ? textCutAt(text, places) : []).map((delta) =>
        at(index, `${type}.delta`, { delta }),
      ),
      ...(dones ? [at(index, `${type}.done`, { arguments: text })] : []),
      done(index, whole),
    ],
    whole,
  }
}

const openaiSearch = {
  type: 'web_search_call',
  id: 'ws_1',
  status: 'completed',
  action: { type: 'search', query: 'q', sources: [{ type: 'url', url: 'https://a' }] },
}

const openaiPart = fc.oneof(
  fc.constant<Part>({ events: (index) => [done(index, openaiSearch)], whole: openaiSearch }),
  fc.tuple(words, cuts, style).map(openaiText),
  fc.tuple(fc.array(words, { maxLength: 3 }), style).map(openaiReasoning),
  fc.tuple(json, cuts, style).map(openaiCall),
)

export interface Sample {
  provider: ModelType
  events: JsonObject[]
  /** how many of the events come behind the one that completes the answer */
  behind: number
  body: JsonObject
  /** what the upstream sent as arguments, call by call */
  inputs: string[]
}

function claudeAnswer(parts: Part[]): Sample {
  const usage = { input_tokens: 5, output_tokens: 1, service_tier: 'standard' }
  const content = parts.map(({ whole }) => whole)
  return {
    provider: 'anthropic',
    events: [
      messageStart({ usage }),
      ...parts.flatMap((part, index) => part.events(index)),
      ...messageEnd('end_turn', { usage: { output_tokens: 9 } }),
    ],
    // Claude's stop reason comes in the event before the last
    behind: 1,
    body: { id: 'msg_1', content, stop_reason: 'end_turn', usage: { ...usage, output_tokens: 9 } },
    inputs: content.flatMap(({ type, input }) =>
      type === 'tool_use' ? [JSON.stringify(input)] : [],
    ),
  }
}

function openaiAnswer(parts: Part[]): Sample {
  const output = parts.map(({ whole }) => whole)
  const usage = { input_tokens: 5, output_tokens: 9 }
  const body = { id: 'resp_1', created_at: 1_790_000_000, status: 'completed', output, usage }
  return {
    provider: 'openai',
    events: [created(), ...parts.flatMap((part, index) => part.events(index)), completed(body)],
    behind: 0,
    body,
    inputs: output.flatMap(({ arguments: text }) =>
      typeof text === 'string' ? [text === '' ? '{}' : text] : [],
    ),
  }
}

function geminiEvent(parts: JsonObject[], more: JsonObject = {}): JsonObject {
  return { candidates: [{ content: { role: 'model', parts }, ...more }], responseId: 'r1' }
}

/** A part alone, or text in pieces, with a signature in a part of its own. */
function geminiPart([whole, places, signature]: [JsonObject, number[], string | undefined]): Part {
  const { text, ...rest } = whole
  const pieces = typeof text === 'string' ? textCutAt(text, places) : [undefined]
  const parts = pieces.map((piece) =>
    piece === undefined ? whole : Object.assign({ text: piece }, rest),
  )
  const signed = signature === undefined ? [] : [{ text: '', thoughtSignature: signature }]
  return {
    events: () => [...parts, ...signed].map((part) => geminiEvent([part])),
    whole: { parts: [whole, ...signed] },
  }
}

const geminiCall = fc.record({
  functionCall: fc.record({ name: fc.constant('f'), args: json, id: fc.uuid() }),
  thoughtSignature: fc.constant('c2ln'),
})
const geminiWhole = fc.oneof(
  fc.record({ text: words }),
  fc.record({ text: words, thought: fc.constant(true) }),
  geminiCall,
)

function geminiAnswer(parts: Part[]): Sample {
  const all = parts.flatMap(({ whole }) => whole.parts as JsonObject[])
  const end = {
    finishReason: 'STOP',
    groundingMetadata: {
      webSearchQueries: ['q'],
      groundingChunks: [{ web: { uri: 'https://a', title: 'A' } }],
    },
  }
  const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 9 }
  return {
    provider: 'google',
    events: [
      ...parts.flatMap((part, index) => part.events(index)),
      { ...geminiEvent([], end), usageMetadata },
    ],
    behind: 0,
    body: { ...geminiEvent(all, end), usageMetadata },
    inputs: all.flatMap(({ functionCall: call }) =>
      call ? [JSON.stringify((call as JsonObject).args)] : [],
    ),
  }
}

const signature = fc.option(fc.constant('c2ln'), { nil: undefined })

/** A message of a chat upstream: all of its text is one, and so are its reasoning and its calls. */
interface Said {
  /** empty for what the message has none of */
  reasoning: string
  field: 'reasoning_content' | 'reasoning' | 'reasoning_text'
  details: JsonObject[]
  text: string
  url: string | undefined
  refusal: string
  calls: [id: string, input: JsonObject][]
  places: number[]
  hasUsageBehind: boolean
}

const said: fc.Arbitrary<Said> = fc.record({
  reasoning: words,
  field: fc.constantFrom('reasoning_content', 'reasoning', 'reasoning_text'),
  details: fc.constantFrom([], [{ type: 'reasoning.encrypted', data: 'x', index: 0 }]),
  text: words,
  url: fc.option(fc.constant('https://a'), { nil: undefined }),
  refusal: fc.constantFrom('', '', '', 'I cannot.'),
  calls: fc.uniqueArray(fc.tuple(fc.uuid(), json), { maxLength: 3, selector: ([id]) => id }),
  places: cuts,
  hasUsageBehind: fc.boolean(),
})

function chatAnswer(one: Said): Sample {
  const { reasoning, field, details, text, url, refusal, calls, places, hasUsageBehind } = one
  const written = calls.map(([id, input]) => ({ id, args: JSON.stringify(input) }))
  const annotations = url
    ? [{ type: 'url_citation', url_citation: { url, title: 'A', start_index: 0, end_index: 1 } }]
    : []
  const usage = { prompt_tokens: 5, completion_tokens: 9 }
  const pieces = (whole: string) => textCutAt(whole, places)
  const end = written.length > 0 ? 'tool_calls' : 'stop'
  const message = {
    [field]: reasoning,
    ...(details.length > 0 && { reasoning_details: details }),
    content: text,
    ...(refusal !== '' && { refusal }),
    ...(url !== undefined && { annotations }),
    tool_calls: written.map(({ id, args }) => ({
      id,
      type: 'function',
      function: { name: 'f', arguments: args },
    })),
  }
  return {
    provider: 'common',
    events: [
      chunk({ role: 'assistant', content: '' }),
      ...pieces(reasoning).map((piece) => chunk({ [field]: piece })),
      ...(details.length > 0 ? [chunk({ reasoning_details: details })] : []),
      ...pieces(text).map(textPiece),
      ...(url === undefined ? [] : [chunk({ annotations })]),
      ...(refusal === '' ? [] : [chunk({ refusal })]),
      ...written.flatMap(({ id, args }, index) => [
        callPiece(index, id, 'f', ''),
        ...pieces(args).map((piece) => callPiece(index, undefined, undefined, piece)),
      ]),
      ...(hasUsageBehind
        ? [finish(end), { ...chunk({}), choices: [], usage }]
        : [finish(end, { usage })]),
    ],
    behind: hasUsageBehind ? 1 : 0,
    body: {
      id: 'chatcmpl-1',
      created: 1_790_000_000,
      choices: [{ index: 0, message, finish_reason: end }],
      usage,
    },
    inputs: written.map(({ args }) => args),
  }
}

/** Any answer of each provider. */
export const samples: Record<ModelType, fc.Arbitrary<Sample>> = {
  anthropic: fc.array(claudePart, { maxLength: 6 }).map(claudeAnswer),
  openai: fc.array(openaiPart, { maxLength: 6 }).map(openaiAnswer),
  google: fc
    .array(fc.tuple(geminiWhole, cuts, signature).map(geminiPart), { maxLength: 6 })
    .map(geminiAnswer),
  common: said.map(chatAnswer),
}

/** Any answer of any provider. */
export const sample = fc.oneof(...Object.values(samples))

export function bytesOf(events: JsonObject[]): Buffer {
  return Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
}
