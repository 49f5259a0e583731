/** Errors as Chat Completions clients read them. Source: docs/translation.md §10.1 and §10.4. */
import type { ShownError } from '../../errors.ts'
import type { OpenAiErrorBody } from '../../wire/chat.ts'

/** The envelope of all OpenAI APIs. */
export function chatErrorBody({ message, type, param, code }: ShownError): OpenAiErrorBody {
  return { error: { message, type, param, code } }
}

/** The last event of a stream that has begun. Official clients raise on it. */
export function chatErrorEvent(error: ShownError): string {
  return `data: ${JSON.stringify(chatErrorBody(error))}\n\n`
}
