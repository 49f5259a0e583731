/**
 * What `droid2api check --online` finds of the upstreams: whether each answers at the address that requests go to, and takes
 * the credential that they carry. No request costs anything.
 */
import { randomUUID } from 'node:crypto'
import type { Account } from '../account/account.ts'
import type { Member } from '../account/pool.ts'
import type { App } from '../app.ts'
import { usableToken } from './check-account.ts'
import type { Finding } from './finding.ts'
import { baseUrlOf, fullAddress } from '../config/base-url.ts'
import { whose } from '../config/endpoint-auth.ts'
import { endpointOf } from '../config/models.ts'
import type { Endpoint, Model } from '../config/types.ts'
import { answerTo, NoAnswer, type Answer, type Ask } from '../network/one-answer.ts'
import { unreachableReason } from '../network/unreachable-reason.ts'
import { accountCredential, keyCredential, type Credential } from '../upstream/target.ts'
import { requestHeaders } from '../upstream/headers.ts'
import { providers } from '../../pipelines/index.ts'
import { upstreamId } from '../../pipelines/model.ts'

interface Target {
  app: App
  endpoint: Endpoint
  /** one of those that it serves */
  model: Model
  url: URL
  credential: Credential | undefined
  /** what the credential is called */
  key: string
}

/** A finding for every endpoint, type of model on it, and account that may serve there. */
export async function upstreamFindings(app: App): Promise<Finding[]> {
  const targets = new Map<string, Promise<Target[]>>()
  for (const model of app.config.models) {
    const endpoint = endpointOf(app.config, model)
    targets.set(`${endpoint.name} ${model.type}`, targetsOf(app, endpoint, model))
  }
  const all = await Promise.all(targets.values())
  return await Promise.all(all.flat().map(findingOf))
}

async function targetsOf(app: App, endpoint: Endpoint, model: Model): Promise<Target[]> {
  const call = { model: upstreamId(model), isStream: false }
  const url = fullAddress(baseUrlOf(endpoint, model.type), model.type, call)
  const place = { app, endpoint, model, url }
  if (endpoint.auth === 'accounts') {
    return await Promise.all(app.pool.at(endpoint).map((member) => targetWith(place, member)))
  }
  const key = whose(endpoint, app.config, app.account.source !== 'none')
  return [{ ...place, key, credential: await credentialOf(app, endpoint, model) }]
}

async function targetWith(
  place: Pick<Target, 'app' | 'endpoint' | 'model' | 'url'>,
  { name, own: { entry, account } }: Required<Member>,
): Promise<Target> {
  const { key, header = providers[place.model.type].keyHeader } = entry
  const credential = key === undefined ? tokenCredential(account) : keyCredential(key, { header })
  return { ...place, key: `the account ${name}`, credential: await credential }
}

/** As a request carries it; undefined for the client's, and for none. */
async function credentialOf(
  { config: { endpoint_secrets: secrets }, account }: App,
  { auth }: Endpoint,
  { type }: Model,
): Promise<Credential | undefined> {
  if (auth === 'account') return await tokenCredential(account)
  const secret = typeof auth === 'object' ? secrets[auth.env] : undefined
  return secret && typeof auth === 'object'
    ? keyCredential(secret, { header: providers[type].keyHeader, ...auth })
    : undefined
}

/** Where it has a token without a renewal. */
async function tokenCredential(account: Account): Promise<Credential | undefined> {
  const token = await usableToken(account)
  return token === undefined ? undefined : accountCredential(token)
}

async function findingOf(target: Target): Promise<Finding> {
  try {
    return findingFrom(target, await decisiveAnswer(target))
  } catch (error) {
    const { endpoint, url } = target
    const reason =
      error instanceof NoAnswer
        ? { why: error.message, remedy: undefined }
        : unreachableReason(error as NodeJS.ErrnoException)
    const { why, remedy = 'Check the network and base_url.' } = reason
    const what = `upstream: ${endpoint.name} (${shown(url)}) cannot be reached: ${why}. ${remedy}`
    return { level: 'error', what }
  }
}

/** The list of models, where it shows whether the key is good; else a request without content, which no API carries out. */
async function decisiveAnswer(target: Target): Promise<Answer> {
  const models = modelsUrl(target.url)
  const list = models && (await asked(target, { method: 'GET', url: models }))
  const isDecided =
    list && (isRefusal(list) || (list.status < 300 && (await hidesModels(target, models))))
  return isDecided ? list : await asked(target, { method: 'POST', url: target.url, body: '{}' })
}

/** False where everybody gets the list: it then proves nothing about the key. */
async function hidesModels(target: Target, models: URL): Promise<boolean> {
  if (!hasKey(target)) return true
  const { endpoint } = target
  const stranger = { ...target, credential: undefined, endpoint: { ...endpoint, headers: {} } }
  return isRefusal(await asked(stranger, { method: 'GET', url: models }))
}

/** Beside the address of the calls; undefined where that has an unusual form. */
function modelsUrl(url: URL): URL | undefined {
  const found = /^(.*)\/(?:messages|responses|chat\/completions|models\/[^/]+:\w+)$/.exec(
    url.pathname,
  )
  if (!found) return undefined
  const models = new URL(url)
  models.pathname = `${found[1]}/models`
  return models
}

async function asked(target: Target, ask: Pick<Ask, 'method' | 'url' | 'body'>): Promise<Answer> {
  const { app, endpoint, model, credential } = target
  const { body = '' } = ask
  const headers = requestHeaders({
    client: {},
    pass: 'all',
    endpoint,
    model,
    credential,
    extra: {
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
      ...providers[model.type].neededHeaders,
    },
    newId: randomUUID,
    contentLength: body.length,
    host: ask.url.host,
  })
  const agent = app.agents.fresh(ask.url)
  return await answerTo({ ...ask, headers, agent, patienceS: app.config.timeouts.connect_s })
}

function findingFrom(target: Target, { status, method, text }: Answer): Finding {
  const { endpoint, url, key } = target
  const name = `upstream: ${endpoint.name} (${shown(url)})`
  const answer = `HTTP ${status} to ${method}`
  if (isRefusal({ status, text })) return refusalFinding(target, name, status)
  if (status === 404 && /model/i.test(text))
    return { level: 'ok', what: `${name} answers (${answer})` }
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) {
    const remedy = `check the base_url of ${endpoint.name}`
    return {
      level: 'error',
      what: `${name} answers ${answer}: every request would fail; ${remedy}`,
    }
  }
  if (status >= 500 || status === 402 || status === 429) {
    return { level: 'warning', what: `${name} answers ${answer}` }
  }
  const taken = hasKey(target) ? ` and takes ${key}` : ''
  return { level: 'ok', what: `${name} answers (${answer})${taken}` }
}

function refusalFinding(target: Target, name: string, status: number): Finding {
  const { endpoint, key } = target
  if (hasKey(target)) {
    return {
      level: 'error',
      what: `${name} refuses ${key} (HTTP ${status}). Put in one that it takes.`,
    }
  }
  if (endpoint.auth === 'none') {
    const remedy = `set the auth of ${endpoint.name}`
    return {
      level: 'error',
      what: `${name} wants a key (HTTP ${status}), and none is sent; ${remedy}`,
    }
  }
  return { level: 'ok', what: `${name} answers (HTTP ${status}); not tried with ${key}` }
}

/** Google calls a key that it does not know an invalid argument. */
function isRefusal({ status, text }: Pick<Answer, 'status' | 'text'>): boolean {
  return status === 401 || status === 403 || (status === 400 && text.includes('API_KEY_INVALID'))
}

function hasKey({ credential, key }: Target): boolean {
  return credential !== undefined || key.startsWith('the key in its headers')
}

/** Without the query, which may hold a key. */
function shown({ origin, pathname }: URL): string {
  return origin + pathname
}
