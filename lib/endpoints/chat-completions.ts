/** POST /v1/chat/completions — OpenAI's chat API over any model, translated. */
import type { Endpoint } from '../app.ts'
import { answerChat } from '../translated/chat.ts'

export const chatCompletions: Endpoint = (req, res, call) => answerChat(req, res, call)
