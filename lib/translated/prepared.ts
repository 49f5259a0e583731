/** A request whose answer is translated, ready to go up; also one that goes up as it came. */
import type { Model } from '../config/types.ts'
import type { OutgoingBody } from '../upstream/exchange.ts'
import type { Target } from '../upstream/target.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { providers, type Client } from '../../pipelines/index.ts'
import type { JsonDocument } from '../../pipelines/json/document.ts'
import { ToolNames, type NameRule } from '../../pipelines/neutral/tools.ts'
import { writtenTools } from '../../pipelines/neutral/written-tools.ts'
import type { Asked } from './answer.ts'

export interface Translated {
  road: 'translated'
  target: Target
  asked: Asked
  body: OutgoingBody
  /** parameters that the model's API has no word for */
  dropped: readonly string[]
}

/** The tools went up under their own names. */
const anyName: NameRule = { pattern: /^/, others: /$^/g, limit: Infinity }

/** What of a request its answer depends on, as far as the answer is read. */
const members = ['model', 'tools', 'tool_choice', 'stream', 'stream_options', 'logprobs']

/**
 * The client speaks the model's own API, and so its bytes go up. But the calls or the reasoning of the model are in its text, where
 * only who reads the answer finds them. Undefined where there can be none, and for what the answer would lose: several choices, the
 * functions of old.
 */
export function withTextRead(
  document: JsonDocument,
  { target, body }: Pick<Translated, 'target' | 'body'>,
  { client, model, stream }: { client: Client; model: Model; stream: boolean },
): Translated | undefined {
  const several = document.get('n')
  if (typeof several === 'number' && several > 1) return undefined
  const read = formOf(document, client)
  if (!read) return undefined
  const { request, form } = read
  const names = new ToolNames(request.tools, anyName)
  const toolsInText = model.calls_in_text ? writtenTools(request, names) : undefined
  if (!toolsInText && !model.reasoning_in_text) return undefined
  const provider = providers[model.type]
  const answer = { client, provider, target, stream, form, names, toolsInText }
  const asked = {
    ...answer,
    requestedModel: request.model,
    stopAt: [],
    hideReasoning: false,
    callIds: [],
    conversation: '',
  }
  const outgoing = { ...body, past: (toolsInText && body.past?.inText) ?? body.past }
  return { road: 'translated', target, asked, body: outgoing, dropped: [] }
}

/** Undefined for tools that the model's server may understand, if we do not. */
function formOf(document: JsonDocument, client: Client) {
  const given = members.map((name): [string, unknown] => [name, document.get(name)])
  const body = { ...Object.fromEntries(given), messages: [{ role: 'user', content: '' }] }
  try {
    return client.read(body, {})
  } catch (error) {
    if (error instanceof ProxyError) return undefined
    throw error
  }
}
