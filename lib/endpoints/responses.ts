/** POST /v1/responses and what lies below it — OpenAI's Responses API, transparent. */
import type { Endpoint } from '../app.ts'
import { forwardRequest, type TransparentApi } from '../transparent/forward.ts'
import { rewriteResponses } from '../transparent/rewrite-responses.ts'

const path = '/v1/responses'

const api: TransparentApi = { type: 'openai', rewrite: rewriteResponses }

export const responses: Endpoint = (req, res, call) =>
  forwardRequest(req, res, call, api, call.path.slice(path.length))
