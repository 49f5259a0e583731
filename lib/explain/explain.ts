/**
 * What becomes of a request, made by the very functions that make one that is sent: who would get it, what exactly would go up,
 * and what of it the configuration has changed. Nothing is sent, renewed, counted or kept.
 */
import type { Call } from '../app.ts'
import type { Model, ModelType } from '../config/types.ts'
import { decideRoad, type Ready } from '../endpoints/ask.ts'
import { standInsOf, travelOf, type Routed } from '../endpoints/ask-routed.ts'
import { outgoingRequest } from '../upstream/exchange.ts'
import type { Target } from '../upstream/target.ts'
import { objectFrom } from '../../pipelines/json/value.ts'
import { bodyChanges } from './body-changes.ts'
import { firstPlace, onlyPlace, type Choice, type Other } from './choose.ts'
import { headerChanges } from './header-changes.ts'
import { partedBy, secretsOf, shownAs, type Secret } from './secrets.ts'

/** A step on the way from the name that was asked for to the model that serves. */
interface Link {
  model: string
  endpoint?: string
  type?: ModelType
  why: string
}

/** Account, method, address, headers and body are null where the proxy answers by itself. */
export interface Explanation {
  /** the configured id that would serve */
  model: string
  chain: Link[]
  /** as usage calls it; null where none is needed */
  account: string | null
  others: Other[]
  method: string | null
  url: string | null
  headers: Record<string, string> | null
  /** the bytes as UTF-8, which JSON always is */
  body: string | null
  changes: string[]
}

/** With its secrets in plain text, and what they are. */
export interface Explained {
  plain: Explanation
  secrets: readonly Secret[]
}

/** Throws or fails with ProxyError as a request would that is sent. */
export async function explain(call: Call, bytes: Buffer): Promise<Explained> {
  const asked = decideRoad(call, bytes)
  if (asked.road === 'none') return { plain: answeredHere(asked.requestedModel), secrets: [] }
  const isRouted = asked.road === 'routed'
  const first = isRouted ? asked.first : asked
  const choice = isRouted ? await firstPlace(call, asked) : await onlyPlace(call, asked)
  const { prepared, credential, account } = choice
  const { target, body } = prepared
  if (body.past) call.app.refusedPast?.leaveOut(call, target, body, body.past)
  const outgoing = outgoingRequest(call, target, body, { credential, connection: 'kept' })
  const { method, address, headers } = outgoing
  const url = `${address.protocol}//${address.host}${address.path}`
  const sent = Buffer.concat(outgoing.body.pieces)
  const story = {
    call,
    came: bytes,
    asked: objectFrom(bytes.toString('utf8')) ?? {},
    first: first.target.model,
    prepared,
    credential,
    account,
    headers,
    sent,
  }
  return {
    plain: {
      model: target.model.id,
      chain: chainOf(call, asked, story.asked.model, choice),
      account,
      others: choice.others.map(({ name, why }) => ({ name, why: call.app.redact(why) })),
      method,
      url,
      headers,
      body: sent.toString('utf8'),
      changes: [...bodyChanges(story), ...headerChanges(story)],
    },
    secrets: secretsOf(url, target.endpoint, credential, account, call.app.secrets()),
  }
}

/** Fit to be shown: of a secret at most the last four characters. */
export function withMasks({ plain, secrets }: Explained): Explanation {
  const { url, headers } = plain
  const show = (text: string, place: string) => shownAs(partedBy(text, place, secrets))
  return {
    ...plain,
    url: url === null ? null : show(url, 'url'),
    headers:
      headers &&
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, show(value, name)])),
  }
}

function answeredHere(model: string): Explanation {
  const why = 'the request wants no answer'
  return {
    model,
    chain: [{ model, why }],
    account: null,
    others: [],
    method: null,
    url: null,
    headers: null,
    body: null,
    changes: [`Nothing goes up: ${why}, and gets it from the proxy.`],
  }
}

function chainOf(
  call: Call,
  asked: Ready | Routed<Ready>,
  name: unknown,
  { prepared, passed }: Choice,
): Link[] {
  const { target } = asked.road === 'routed' ? asked.first : asked
  const serving = prepared.target.model
  const whyOf = (model: Model, endpoint: string) => {
    if (model === serving) return 'serves'
    const why = passed.get(model)
    if (why !== undefined) return why
    return call.app.refusals.isResting(endpoint)
      ? 'tried last: its endpoint could not be reached'
      : `stands in where ${serving.id} cannot serve`
  }
  const link = (model: Model, { name: endpoint }: Pick<Target['endpoint'], 'name'>): Link => ({
    model: model.id,
    endpoint,
    type: model.type,
    why: whyOf(model, endpoint),
  })
  const standIns = asked.road === 'routed' ? standInsOf(call, asked, travelOf(call, asked)) : []
  return [
    ...(typeof name === 'string' && name !== target.model.id
      ? [{ model: name, why: `leads to ${target.model.id}` }]
      : []),
    link(target.model, target.endpoint),
    ...standIns.map(({ model, place }) => link(model, place.endpoint)),
  ]
}
