/**
 * The demo's Chat Completions API, for models of type `common`; it reasons in `reasoning_content`, as most of them do. Requests
 * are read and answers written by the same code with which the proxy speaks to chat clients.
 */
import type { ChatAnswerContext } from '../../pipelines/clients/chat/answer.ts'
import { chatBody } from '../../pipelines/clients/chat/body.ts'
import { chatErrorEvent } from '../../pipelines/clients/chat/errors.ts'
import { readChat } from '../../pipelines/clients/chat/read.ts'
import { chatStream } from '../../pipelines/clients/chat/stream.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import type { Delta } from '../../pipelines/neutral/delta.ts'
import { midstreamMessage, type DemoApi, type DemoEvent } from './api.ts'
import { askOf } from './ask.ts'
import { deltasOf } from './script.ts'
import { estimateTokens, newId } from './tokens.ts'

export const chatApi: DemoApi = {
  ask(body) {
    const { messages, tools = [] } = body
    return askOf(readChat(body).request, estimateTokens({ messages, tools }))
  },
  answer(body, script) {
    const { request, answer } = readChat(body)
    const { includeUsage, logprobs, legacyFunctions } = answer
    const context = {
      requestedModel: request.model,
      fallbackId: newId(''),
      createdSeconds: Math.floor(Date.now() / 1000),
      includeUsage,
      logprobs,
      legacyFunctions,
    }
    const deltas = deltasOf(script)
    const whole = chatBody(context)
    for (const delta of deltas) whole.add(delta)
    return { body: whole.body()!, events: () => eventsOf(deltas, context), failure }
  },
}

function eventsOf(deltas: Delta[], context: ChatAnswerContext): DemoEvent[] {
  const stream = chatStream(context)
  const events = deltas.map((delta): DemoEvent => ({
    text: stream.write(delta),
    piece: delta.type !== 'stop',
  }))
  return [{ text: stream.head() }, ...events.filter(({ text }) => text !== '')]
}

function failure(): DemoEvent[] {
  return [{ text: chatErrorEvent(new ProxyError(500, null, midstreamMessage)) }]
}
