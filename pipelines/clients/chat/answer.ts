/** What both forms of a chat answer, the stream and the body, say in the same way: who answers, how it ended, the tokens. */
import type { ProxyError } from '../../errors.ts'
import type { Delta, StopReason, Usage } from '../../neutral/delta.ts'
import type { OwnNames } from '../../neutral/tool-name.ts'
import { PhasesSoFar, type Remembered } from '../../neutral/phases.ts'
import type { ChatFinishReason, ChatUsage, ReasoningDetail } from '../../wire/chat.ts'

export interface ChatAnswerContext {
  /** the model id the client asked for */
  requestedModel: string
  /** the tail of the answer's id where the upstream gave none */
  fallbackId: string
  /** when the upstream answered, where it does not say so itself; seconds */
  createdSeconds: number
  /** whether a stream ends with a usage chunk */
  includeUsage: boolean
  /** whether the client asked for log probabilities */
  logprobs: boolean
  /** whether the request used `functions` instead of `tools` */
  legacyFunctions: boolean
  /** whether the client wants no readable reasoning; what it cannot read it gets, to hand back */
  hideReasoning?: boolean
  /** of tools that the upstream knows by another name than the client's */
  ownNames?: OwnNames | undefined
  /** silence after which a stream gets a comment; 0 for never */
  keepAliveMs: number
  /**
   * given the reasoning and the phases of an answer by its first tool call or its text, before the client has the end of
   * the answer
   */
  remember?: ((key: string, entries: Remembered[]) => void) | undefined
  record: AnswerRecord
}

/** What the caller learns about the answer besides its bytes. */
interface AnswerRecord {
  usage?: Usage | undefined
  stopReason?: StopReason
  /** why the answer broke off; it is the caller's to tell the client */
  failure?: ProxyError
  /** whether a byte was written */
  started: boolean
  firstToolCallId?: string
  /** reasoning that can be handed back */
  details?: ReasoningDetail[]
  /** what the model called its text */
  phases?: PhasesSoFar
}

/** The members that are the same in every chunk. */
interface Identity {
  id: string
  created: number
  model: string
}

/** Takes down what the caller has to know of a delta, in whichever form the answer goes out. */
export function note(delta: Delta, { record, remember }: ChatAnswerContext): void {
  switch (delta.type) {
    case 'start':
    case 'usage':
      record.usage = delta.usage ?? record.usage
      break
    case 'failure':
      record.failure = delta.failure
      break
    case 'tool-start':
      record.firstToolCallId ??= delta.id
      break
    case 'reasoning-detail':
      record.details ??= []
      record.details.push(...delta.details)
      break
    case 'phase':
      record.phases ??= new PhasesSoFar()
      record.phases.add(delta)
      break
    case 'text':
      record.phases?.text(delta.text)
      break
    case 'stop':
      record.stopReason = delta.reason
      if (remember) rememberAnswer(record, remember)
      break
    default:
  }
}

function rememberAnswer(
  { firstToolCallId, details, phases }: AnswerRecord,
  remember: NonNullable<ChatAnswerContext['remember']>,
): void {
  if (firstToolCallId !== undefined && details) remember(firstToolCallId, details)
  const unusual = phases?.unusual(firstToolCallId !== undefined) ?? []
  if (unusual.length === 0) return
  const key = phases?.key(firstToolCallId)
  if (key !== undefined) remember(key, unusual)
}

/** The details that the client gets: where it wants to read none, only those that are sealed. */
export function shownDetails(
  details: ReasoningDetail[],
  { hideReasoning }: ChatAnswerContext,
): ReasoningDetail[] {
  return hideReasoning ? details.filter((detail) => !detail.text && !detail.summary) : details
}

/** What the client calls the tool. */
export function ownName(name: string, { ownNames }: ChatAnswerContext): string {
  return ownNames?.get(name) ?? name
}

type Start = Extract<Delta, { type: 'start' }>

export function identityOf(start: Start | undefined, context: ChatAnswerContext): Identity {
  return {
    id: `chatcmpl-${start?.id || context.fallbackId}`,
    created: start?.createdSeconds ?? context.createdSeconds,
    model: context.requestedModel,
  }
}

export function finishReasonOf(reason: StopReason, context: ChatAnswerContext): ChatFinishReason {
  switch (reason) {
    case 'stop':
    case 'length':
      return reason
    case 'content-filter':
      return 'content_filter'
    case 'tool-calls':
      return context.legacyFunctions ? 'function_call' : 'tool_calls'
    default:
      return reason satisfies never
  }
}

export function usageOf(usage: Usage): ChatUsage {
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage
  const prompt = {
    ...(cachedTokens !== undefined && { cached_tokens: cachedTokens }),
    ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
  }
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(Object.keys(prompt).length > 0 && { prompt_tokens_details: prompt }),
    ...(reasoningTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    }),
  }
}
