/** The demo's Messages API. Source: Anthropic API reference "Messages" and "Streaming messages", read 2026-11. */
import { createHash } from 'node:crypto'
import { badRequest } from '../../pipelines/errors.ts'
import { isGiven, listAt, nameAt, objectAt, optionalNumberAt } from '../../pipelines/untrusted.ts'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import type { AnthropicAnswer, AnthropicBlock } from '../../pipelines/wire/anthropic.ts'
import { midstreamMessage, namedEvent, type DemoApi, type DemoEvent } from './api.ts'
import { objectsIn, textOf, toolFrom, type Ask, type Choice, type Turn } from './ask.ts'
import type { Script } from './script.ts'
import { estimateTokens, jsonPieces, newId, words } from './tokens.ts'

export const messagesApi: DemoApi = {
  ask(body) {
    const maxTokens = optionalNumberAt(body.max_tokens, 'max_tokens')
    if (maxTokens === undefined || maxTokens < 1) {
      throw badRequest('invalid_value', 'max_tokens', 'max_tokens: send a number of at least 1.')
    }
    if (isGiven(body.thread)) {
      const message = 'thread: the demo keeps no conversations; send the whole of each.'
      throw badRequest('unsupported_parameter', 'thread', message)
    }
    return { ...askOf(body), maxTokens }
  },
  answer(body, script) {
    const answer = answerOf(nameAt(body.model, 'model'), script)
    return { body: answer, events: () => eventsOf(answer), failure }
  },
}

/** The answer of `/v1/messages/count_tokens`, which needs no `max_tokens`. */
export function countedTokens(body: JsonObject): { input_tokens: number } {
  return { input_tokens: askOf(body).inputTokens }
}

function askOf(body: JsonObject): Ask {
  nameAt(body.model, 'model')
  const messages = listAt(body.messages, 'messages')
  if (messages.length === 0) {
    throw badRequest('invalid_value', 'messages', 'messages is empty; send at least one message.')
  }
  const { system, tools, tool_choice: choice } = body
  return {
    turns: messages.flatMap(turnsOf),
    tools: objectsIn(tools)
      .filter((tool) => isObject(tool.input_schema))
      .flatMap((tool) => toolFrom('function', tool, tool.input_schema) ?? []),
    choice: choiceOf(choice),
    parallel: !(isObject(choice) && choice.disable_parallel_tool_use === true),
    reasoning:
      isObject(body.thinking) && ['enabled', 'adaptive'].includes(String(body.thinking.type)),
    ...jsonWanted(body),
    inputTokens: estimateTokens({ system: system ?? '', messages, tools: tools ?? [] }),
  }
}

function turnsOf(message: unknown, index: number): Turn[] {
  const place = `messages[${index}]`
  const { role, content } = objectAt(message, place)
  if (typeof content !== 'string') listAt(content, `${place}.content`)
  if (role === 'system') return []
  if (role === 'assistant') return [{ from: 'assistant', text: textOf(content) }]
  if (role !== 'user') {
    throw badRequest('invalid_value', `${place}.role`, `${place}.role: send user or assistant.`)
  }
  const results = objectsIn(content).filter(({ type }) => type === 'tool_result')
  const turns = results.map((result): Turn => ({ from: 'tool', text: textOf(result.content) }))
  turns.push({ from: 'user', text: textOf(content) })
  return turns
}

function choiceOf(choice: unknown): Choice {
  if (!isObject(choice)) return 'auto'
  if (choice.type === 'tool') return { name: nameAt(choice.name, 'tool_choice.name') }
  return choice.type === 'none' || choice.type === 'any' ? choice.type : 'auto'
}

function jsonWanted(body: JsonObject): Pick<Ask, 'json'> {
  const format = isObject(body.output_config) ? body.output_config.format : body.output_format
  if (!isGiven(format)) return jsonInWords(textOf(body.system))
  const { schema } = objectAt(format, 'output_config.format')
  return { json: { schema: objectAt(schema, 'output_config.format.schema') } }
}

/** For JSON without a schema the API has no member, so that a system prompt asks for it. The demo reads the proxy's words. */
function jsonInWords(system: string): Pick<Ask, 'json'> {
  const asked = /^Answer with one JSON value and nothing else.*?(?:JSON schema:\n(.*))?$/ms.exec(
    system,
  )
  if (!asked) return {}
  const schema = objectFrom(asked[1] ?? '')
  return { json: schema ? { schema } : {} }
}

const stopReasons: Record<Script['finish'], string> = {
  stop: 'end_turn',
  calls: 'tool_use',
  length: 'max_tokens',
}

function answerOf(model: string, script: Script): AnthropicAnswer {
  return {
    id: newId('msg_'),
    type: 'message',
    role: 'assistant',
    model,
    content: blocksOf(script),
    stop_reason: stopReasons[script.finish],
    stop_sequence: null,
    stop_details: null,
    usage: {
      input_tokens: script.tokens.input,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: script.tokens.output,
      output_tokens_details: { thinking_tokens: script.tokens.reasoning },
      service_tier: 'standard',
    },
  }
}

function blocksOf({ reasoning, text, calls }: Script): AnthropicBlock[] {
  const blocks: AnthropicBlock[] = []
  if (reasoning !== undefined) {
    blocks.push({ type: 'thinking', thinking: reasoning, signature: signatureOf(reasoning) })
  }
  if (text) blocks.push({ type: 'text', text })
  for (const { name, input } of calls) {
    const value: unknown = JSON.parse(input)
    blocks.push({ type: 'tool_use', id: newId('toolu_'), name, input: value })
  }
  return blocks
}

function eventsOf(answer: AnthropicAnswer): DemoEvent[] {
  const { stop_reason, stop_sequence, stop_details, usage, content, ...message } = answer
  const nothingYet = { content: [], stop_reason: null, stop_sequence: null, stop_details: null }
  const { output_tokens_details: _, ...started } = { ...usage, output_tokens: 1 }
  return [
    namedEvent('message_start', { message: { ...message, ...nothingYet, usage: started } }),
    namedEvent('ping', {}),
    ...content.flatMap(blockEvents),
    namedEvent('message_delta', { delta: { stop_reason, stop_sequence, stop_details }, usage }),
    namedEvent('message_stop', {}),
  ]
}

function blockEvents(block: AnthropicBlock, index: number): DemoEvent[] {
  const { empty, deltas } = inPieces(block)
  const events = deltas.map((delta) => namedEvent('content_block_delta', { index, delta }, true))
  events.unshift(namedEvent('content_block_start', { index, content_block: empty }))
  events.push(namedEvent('content_block_stop', { index }))
  return events
}

/** A block as it starts, and what is added to it. */
function inPieces(block: AnthropicBlock): { empty: object; deltas: object[] } {
  if (block.type === 'tool_use') {
    const pieces = ['', ...jsonPieces(JSON.stringify(block.input))]
    return {
      empty: { ...block, input: {} },
      deltas: pieces.map((json) => ({ type: 'input_json_delta', partial_json: json })),
    }
  }
  if (block.type === 'thinking') {
    const { thinking, signature } = block
    const deltas: object[] = words(String(thinking)).map((piece) => ({
      type: 'thinking_delta',
      thinking: piece,
    }))
    deltas.push({ type: 'signature_delta', signature })
    return { empty: { type: 'thinking', thinking: '', signature: '' }, deltas }
  }
  return {
    empty: { type: 'text', text: '' },
    deltas: words(String(block.text)).map((text) => ({ type: 'text_delta', text })),
  }
}

function failure(): DemoEvent[] {
  return [namedEvent('error', { error: { type: 'overloaded_error', message: midstreamMessage } })]
}

function signatureOf(thinking: string): string {
  return createHash('sha256').update(thinking).digest('base64')
}
