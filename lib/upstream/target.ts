/**
 * Where a request goes, and with whose credential: the model that a client named, its endpoint, the address with the call's
 * sub-path and query, and the account's credential, the client's own, one of the environment, or none.
 */
import { hasAdminKey } from '../admin.ts'
import { ownCopy, type Call } from '../app.ts'
import { keyHeaderOf } from '../config/endpoint-auth.ts'
import { mayUse } from '../config/clients.ts'
import {
  endpointOf,
  findModel,
  namedModel,
  nearestModel,
  placeOf,
  unservedReason,
} from '../config/models.ts'
import type { Account } from '../account/account.ts'
import type { AccountEntry, Caller, Endpoint, Model, Way } from '../config/types.ts'
import { presentedKeys } from '../guard.ts'
import { badRequest, ProxyError, setupFault } from '../../pipelines/errors.ts'
import { providers } from '../../pipelines/index.ts'
import type { JsonDocument } from '../../pipelines/json/document.ts'
import { textBehind } from '../../pipelines/json/request-body.ts'
import { upstreamId } from '../../pipelines/model.ts'

/** `url` has neither sub-path nor query of the client; `address` has both. */
export interface Target extends Way {
  endpoint: Endpoint
  model: Model
  /** there is a choice: several accounts, or models that stand in */
  isRouted: boolean
  /** where there is a choice: the one that serves, and how often the request was sent */
  trip?: Trip
}

/** One request on its way over accounts and models. */
export interface Trip {
  account?: NamedAccount | undefined
  sends: number
  mostSends: number
}

/** An account of the configuration, as far as requests need it. */
export interface NamedAccount {
  entry: Pick<AccountEntry, 'key' | 'header'>
  account: Pick<Account, 'token' | 'peek' | 'renew'>
}

const modelKey = Buffer.from('"model"')
const longestName = 300

/**
 * The model that a body most likely names, so that as a rule it is parsed only once, and by the parser of its road. A guess: the
 * first `"model"` may stand deep inside, or again later. Either parser then finds the true one.
 */
export function hintedModel({ config }: Call, bytes: Buffer): Model | undefined {
  const name = textBehind(bytes, modelKey, longestName)
  return name === undefined ? undefined : findModel(config, name)
}

/** Throws ProxyError 400 where the body names none. */
export function modelName(document: JsonDocument): string {
  const name = document.get('model')
  if (typeof name === 'string' && name !== '') return name
  if (name === undefined || name === null || name === '') {
    const message = 'The request has no `model`. Name one; GET /v1/models lists all.'
    throw badRequest('missing_required_parameter', 'model', message)
  }
  throw badRequest('invalid_type', 'model', '`model` must be a string.')
}

/**
 * The entry for a model name. Throws ProxyError 404 `model_not_found`, which names the nearest known id, or 403
 * `model_not_allowed`.
 */
export function modelOf(call: Call, name: string): Model {
  const model = findModel(call.config, name)
  if (model) {
    call.record.model = model.id
    if (call.caller && !mayUse(call.caller, model.id)) throw notAllowed(call.caller, model)
    return model
  }
  call.record.model = ownCopy(name, 100)
  const why = unservedReason(call.config, name)
  if (why !== undefined) {
    throw new ProxyError(
      404,
      'model_not_found',
      `The model ${JSON.stringify(name.slice(0, 100))} is not served: ${why} in config.json. GET /v1/models lists all that are.`,
      { param: 'model' },
    )
  }
  const nearest = nearestModel(call.config, name)
  const hint = nearest ? ` Did you mean ${JSON.stringify(nearest)}?` : ''
  throw new ProxyError(
    404,
    'model_not_found',
    `The model ${JSON.stringify(name.slice(0, 100))} is not configured.${hint} GET /v1/models lists all.`,
    { param: 'model' },
  )
}

/**
 * What the endpoint calls a model that a request names besides its own; what it serves none of keeps its name. Throws ProxyError 403
 * `model_not_allowed`: by this way, too, a client has only the models that it may use.
 */
export function otherName({ config, caller }: Call, name: string, endpoint: Endpoint): string {
  const model = namedModel(config, name)
  const id = model?.id ?? name
  if (caller && !mayUse(caller, id)) throw notAllowed(caller, { id: id.slice(0, 100) })
  return model && endpointOf(config, model) === endpoint ? upstreamId(model) : name
}

function notAllowed({ name }: Caller, { id }: Pick<Model, 'id'>): ProxyError {
  const message = `The client ${name} may not use the model ${JSON.stringify(id)}. GET /v1/models lists those it may.`
  return new ProxyError(403, 'model_not_allowed', message, { param: 'model' })
}

/** The endpoint's name and where it is, for people. A query may hold a key. */
export function shownTarget({ endpoint, address }: Pick<Target, 'endpoint' | 'address'>): string {
  const { protocol, host, path } = address
  return `${endpoint.name} at ${protocol}//${host}${path.replace(/\?.*$/s, '')}`
}

interface Below {
  subPath: string
  query: string
  stream: boolean
  /** path and query in place of the endpoint's own */
  at?: string | undefined
}

/**
 * `subPath`, such as `/count_tokens` or empty, goes behind the endpoint's own path, and so does the `query`. A client's is a word of
 * its own API, and goes to no other: Gemini refuses Claude Code's `?beta=true` (gpt-load#586).
 */
export function targetOf(call: Call, model: Model, { subPath, query, stream, at }: Below): Target {
  const place = placeOf(call.config, model)
  const { endpoint, isRouted } = place
  const { url, address } = stream ? place.stream : place.whole
  call.record.upstream = endpoint.name
  if (at !== undefined) return { model, endpoint, isRouted, url, address: { ...address, path: at } }
  if (subPath === '' && query === '') return { model, endpoint, isRouted, url, address }
  const path = `${url.pathname}${subPath}${joined(url, query)}`
  return { model, endpoint, isRouted, url, address: { ...address, path } }
}

/** The query of the endpoint and that of the client; what has no place in a query is encoded. */
function joined(url: URL, query: string): string {
  const both = url.search && query ? `${url.search}&${query.slice(1)}` : query || url.search
  if (!/[#"<>']/.test(both)) return both
  const encoded = new URL(url)
  encoded.search = both
  return encoded.search
}

export interface Credential {
  header: string
  value: string
  /** set for the account's token, which is renewed after a 401 */
  accountToken?: string
}

/** How an account is asked for its token. */
export type TokenOf = (account: Pick<Account, 'token' | 'peek'>) => Promise<string | undefined>

const renewedToken: TokenOf = (account) => account.token()

/**
 * The credential for an endpoint; undefined where none is to go up. Throws or fails with ProxyError
 * `upstream_auth_unavailable`, 400 when the variable has none and 400 or 503 when the account has none; 401 `missing_credential`
 * when it would have to be the caller's and the caller sent none.
 */
export function credentialFor(
  call: Call,
  { endpoint, model, trip }: Pick<Target, 'endpoint' | 'model' | 'trip'>,
  tokenOf: TokenOf = renewedToken,
): Credential | undefined | Promise<Credential> {
  const { auth } = endpoint
  const { keyHeader } = providers[model.type]
  if (trip?.account) return namedCredential(trip.account, keyHeader, tokenOf)
  if (auth === 'none') return undefined
  if (auth === 'client') return inHeader(clientCredential(call, endpoint), keyHeader)
  if (typeof auth === 'object') return environmentCredential(call, { header: keyHeader, ...auth })
  return tokenOf(call.app.account).then((token) =>
    token === undefined ? clientCredential(call, endpoint) : accountCredential(token),
  )
}

async function namedCredential(
  { entry, account }: NamedAccount,
  keyHeader: string | undefined,
  tokenOf: TokenOf,
): Promise<Credential> {
  const { key, header = keyHeader } = entry
  if (key !== undefined) return keyCredential(key, { header })
  // a login always has a token, or fails
  return accountCredential((await tokenOf(account))!)
}

export function accountCredential(token: string): Credential {
  return { header: 'authorization', value: `Bearer ${token}`, accountToken: token }
}

/** Whether a credential that an upstream refused is the proxy's, not the caller's. */
export function isOwnCredential(call: Call, endpoint: Endpoint): boolean {
  if (endpoint.auth === 'accounts') return true
  if (endpoint.auth === 'account') return call.app.account.source !== 'none'
  return typeof endpoint.auth === 'object' || keyHeaderOf(endpoint) !== undefined
}

/**
 * The account whose limits an answer reports: itself where it has a name, else the word that usage has for it. Undefined for the
 * caller's own credential.
 */
export function chargedAccount(
  call: Call,
  { endpoint, model, trip }: Pick<Target, 'endpoint' | 'model' | 'trip'>,
): object | string | undefined {
  if (trip?.account) return trip.account.account
  if (endpoint.auth === 'account' && call.app.account.source === 'none') return undefined
  const isOwn = endpoint.auth === 'account' || typeof endpoint.auth === 'object'
  return isOwn ? call.config.prepared.places.get(model)?.account : undefined
}

interface KeyAuth {
  env: string
  header?: string | undefined
}

function environmentCredential(call: Call, auth: KeyAuth): Credential {
  const secret = call.config.endpoint_secrets[auth.env]
  if (!secret) {
    throw setupFault(
      `The environment variable ${auth.env}, which this endpoint's auth names, is not set. Set it and start the proxy again.`,
    )
  }
  return keyCredential(secret, auth)
}

/** A key of the environment in the header that the endpoint takes it in. */
export function keyCredential(secret: string, auth: Pick<KeyAuth, 'header'>): Credential {
  const header = auth.header?.toLowerCase() ?? 'authorization'
  const hasScheme = header !== 'authorization' || /^[A-Za-z][\w-]*\s/.test(secret)
  return { header, value: hasScheme ? secret : `Bearer ${secret}` }
}

/** Google's access tokens are no keys: they go up as they come. */
const accessToken = /^Bearer ya29\./i

/** The caller's key where the upstream looks for it. */
function inHeader(credential: Credential, header: string | undefined): Credential {
  if (header === undefined || accessToken.test(credential.value)) return credential
  return { header, value: credential.value.replace(/^Bearer\s+/i, '') }
}

/** The caller's own, as it came, unless it is a key of this proxy. */
function clientCredential(call: Call, endpoint: Endpoint): Credential {
  const { caller, foreign } = presentedKeys(call.headers, call.config.prepared.clientKeys)
  if (foreign && !hasAdminKey({ [foreign.header]: foreign.value }, call.config)) return foreign
  const start =
    endpoint.auth === 'account'
      ? 'Start the proxy with FACTORY_API_KEY, DROID_REFRESH_KEY or an auth file, or send'
      : 'Send'
  const how = caller
    ? "your own key beside the proxy's: one as `Authorization: Bearer …`, the other as `x-api-key`"
    : 'your own key as `Authorization: Bearer …` or `x-api-key`'
  throw new ProxyError(
    401,
    'missing_credential',
    `No credential for the upstream ${endpoint.name}. ${start} ${how}.`,
  )
}
