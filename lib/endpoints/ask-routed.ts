/**
 * A request that several may serve: the accounts of its model's endpoint, and the models that stand in. The answer says who
 * did, and what was tried before.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { loopback } from '../config/callers.ts'
import { mayUse } from '../config/clients.ts'
import { findModel } from '../config/models.ts'
import type { Endpoint, Model, Place } from '../config/types.ts'
import type { Call } from '../app.ts'
import { attemptsShown } from '../routing/explanation.ts'
import { boundBy, type Bound, type Travel } from '../routing/order.ts'
import type { Prepared, Stop } from '../routing/send.ts'
import { Walk, type Served } from '../routing/walk.ts'
import { sendByProxy } from '../same-api/proxy.ts'
import { sendAttempt } from '../upstream/attempt.ts'
import { nameServer } from '../upstream/headers.ts'
import { isOwnCredential, type Target } from '../upstream/target.ts'
import { holdsImage } from '../../pipelines/clients/unseen-images.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import type { NeutralRequest } from '../../pipelines/neutral/request.ts'
import { withoutSealed } from '../../pipelines/neutral/turn.ts'

/** What a model that stands in has to do without. */
export interface StandIn {
  model: Model
  /** only the provider that was asked can read the reasoning of the history */
  isForeign: boolean
}

export interface Routed<P extends Prepared> {
  road: 'routed'
  first: P
  /** the client's body; let go of with the answer */
  bytes: Buffer
  /** the request to a model in place of the one that was asked for; throws ProxyError where that cannot be */
  prepare: (bytes: Buffer, standIn: StandIn) => P | undefined
}

/** The request as the other model gets it; its answer tells the truth of who gave it. */
export function retold(request: NeutralRequest, { model, isForeign }: StandIn): NeutralRequest {
  const turns = isForeign ? withoutSealed(request.turns) : request.turns
  return { ...request, model: model.id, turns }
}

/** Asks one place after the other until one answers. Throws ProxyError if none does. */
export async function walkRoute<P extends Prepared>(
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
  routed: Routed<P>,
): Promise<Served<P>> {
  const { first } = routed
  const travel = travelOf(call, routed)
  const walk = new Walk<P>(call, travel)
  const send: Stop<P>['send'] = (request, road) =>
    road === 'same-api' ? sendByProxy(req, res, request) : sendAttempt(request)
  // http-proxy-3 listens to both for each send, until the answer is over
  for (const one of [req, res]) one.setMaxListeners(call.config.retry.attempts + 10)
  try {
    const served = await walk.go(stopsOf(call, routed, travel, send))
    const { prepared, account } = served
    prepared.body.pieces = []
    const { model, endpoint } = prepared.target
    const { record } = call
    record.model = model.id
    record.upstream = endpoint.name
    record.account = account
    if (model !== first.target.model) record.fallbackFrom = first.target.model.id
    nameServer(res, prepared.target)
    if (account !== undefined && loopback.test(call.config.host)) {
      res.setHeader('x-droid2api-account', account)
    }
    return served
  } finally {
    call.record.attempts = walk.sends
    // a refusal of ours costs nobody anything
    if (call.admission) call.admission.isSpent = walk.sends > 0
    call.tried = walk.tried
    if (walk.tried.length > 1) {
      res.setHeader('x-droid2api-attempts', attemptsShown(walk.tried).join(', '))
    }
    routed.bytes = nothing
    routed.first.body.pieces = []
  }
}

const nothing = Buffer.alloc(0)

/** What stays the same of a request on its way. */
export function travelOf<P extends Prepared>(
  call: Call,
  { first, bytes }: Pick<Routed<P>, 'first' | 'bytes'>,
  isDry = false,
): Travel {
  const ownerAt = (endpoint: Endpoint) => (isOwnCredential(call, endpoint) ? 'proxy' : 'client')
  return new OneTravel(bytes, first, ownerAt, isDry)
}

/** A class, as in `lib/app.ts`. */
class OneTravel implements Travel {
  readonly bytes: Buffer
  readonly ownerAt: Travel['ownerAt']
  readonly isDry: boolean
  conversation: Travel['conversation'] = undefined
  readonly #first: Prepared
  #found: { bound: Bound } | undefined

  constructor(bytes: Buffer, first: Prepared, ownerAt: Travel['ownerAt'], isDry: boolean) {
    this.bytes = bytes
    this.#first = first
    this.ownerAt = ownerAt
    this.isDry = isDry
  }

  get bound(): Bound {
    const { body, target } = this.#first
    this.#found ??= { bound: boundBy(this.bytes, body.pieces, target.model) }
    return this.#found.bound
  }
}

/** The asked model, then those that stand in; whatever cannot be reached at the moment comes last. */
export function stopsOf<P extends Prepared>(
  call: Call,
  routed: Routed<P>,
  travel: Travel,
  send: Stop<P>['send'],
): Stop<P>[] {
  const { first, bytes, prepare } = routed
  const { model, endpoint } = first.target
  const own: Stop<P> = { model, endpoint: endpoint.name, prepare: () => first, send }
  if (!model.fallback?.length) return [own]
  const others = standInsOf(call, routed, travel).flatMap((one): Stop<P> | [] => {
    const { model: other, place, why } = one
    if (why !== undefined) return []
    const isForeign =
      travel.bound === 'reasoning' || isElsewhere(first.target, other, place.whole.url)
    const made = () => orNone(() => prepare(bytes, { model: other, isForeign }))
    return { model: other, endpoint: place.endpoint.name, prepare: made, send }
  })
  const all = [own, ...others]
  const isResting = ({ endpoint: name }: Stop<P>) => call.app.refusals.isResting(name)
  return [...all.filter((stop) => !isResting(stop)), ...all.filter(isResting)]
}

interface Candidate {
  model: Model
  place: Place
  /** why this request does not go to it; undefined where it may */
  why: string | undefined
}

/** The models that stand in for the one that was asked for, each where it is. */
export function standInsOf<P extends Prepared>(
  { config, caller, headers }: Call,
  { first, bytes }: Pick<Routed<P>, 'first' | 'bytes'>,
  travel: Pick<Travel, 'bound'>,
): Candidate[] {
  const standIns = (first.target.model.fallback ?? []).flatMap((id) => findModel(config, id) ?? [])
  // If there is a choice, images do not go to a model that refuses them.
  const hasImage = standIns.some(refusesImages) && holdsImage(bytes)
  const whyNot = (model: Model) => {
    if (travel.bound === 'id') return 'the request holds an id that lives in one account'
    if (headers['x-droid2api-no-fallback'] === '1') return '`x-droid2api-no-fallback` is 1'
    if (hasImage && refusesImages(model)) return 'it refuses images (`images`)'
    if (caller && !mayUse(caller, model.id)) return `the client ${caller.name} may not use it`
    return undefined
  }
  return standIns.flatMap((model) => {
    const place = config.prepared.places.get(model)
    return place ? { model, place, why: whyNot(model) } : []
  })
}

/** Another host, or another provider there. */
function isElsewhere({ model: asked, url: askedAt }: Target, model: Model, url: URL): boolean {
  return (
    url.host !== askedAt.host || (model.provider ?? model.type) !== (asked.provider ?? asked.type)
  )
}

function refusesImages({ images }: Model): boolean {
  return images === false
}

/** A model that cannot take the request does not stand in. */
function orNone<Made>(make: () => Made): Made | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof ProxyError) return undefined
    throw error
  }
}
