/** POST /v1/messages and /v1/messages/count_tokens — Anthropic's API, transparent. */
import type { Endpoint } from '../app.ts'
import { forwardRequest, type TransparentApi } from '../transparent/forward.ts'
import { rewriteMessages } from '../transparent/rewrite-messages.ts'

const api: TransparentApi = { type: 'anthropic', rewrite: rewriteMessages }

export const messages: Endpoint = (req, res, call) => forwardRequest(req, res, call, api, '')

export const countTokens: Endpoint = (req, res, call) =>
  forwardRequest(req, res, call, api, '/count_tokens')
