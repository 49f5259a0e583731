/** What became of a client's headers, a sentence for each rule. */
import { keyHeaderOf, whose } from '../config/endpoint-auth.ts'
import { hopByHopTest, staysHere, whoAsks } from '../upstream/headers.ts'
import { unknownToken } from './choose.ts'
import { listed, type Story } from './story.ts'

export function headerChanges(story: Story): string[] {
  const { call, headers, prepared } = story
  const rest = new Map(Object.entries(headers))
  const lost = new Map<string, string>()
  for (const [name, value] of Object.entries(call.headers)) {
    if (value === undefined) continue
    const text = Array.isArray(value) ? value.join(', ') : value
    if (headers[name] === undefined) lost.set(name, text)
    else if (headers[name] === text) rest.delete(name)
  }
  const credential = credentialChange(story, rest, lost)
  return [
    ...credential,
    ...ownHeaders(story, rest),
    ...bodyHeaders(prepared.body.headers, rest, lost),
    ...connectionHeaders(rest, lost),
    ...staying(story, lost),
  ]
}

/** Where clients show a key. */
const credentials = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']

function credentialChange(
  story: Story,
  rest: Map<string, string>,
  lost: Map<string, string>,
): string[] {
  const kept = credentials.filter((name) => lost.delete(name))
  const isSet = story.credential === undefined ? undefined : rest.delete(story.credential.header)
  const carried =
    isSet === undefined ? keyInHeaders(story, rest) : isSet ? source(story) : undefined
  if (kept.length === 0) return carried === undefined ? [] : [`${carried}.`]
  const stays = `${listed(kept)} of the client ${kept.length === 1 ? 'stays' : 'stay'} here`
  return [carried === undefined ? `${stays}.` : `${carried}; ${stays}.`]
}

/** Of an endpoint that has no credential but what stands in its headers. */
function keyInHeaders({ prepared, headers }: Story, rest: Map<string, string>): string | undefined {
  const { endpoint } = prepared.target
  const header = keyHeaderOf(endpoint)?.toLowerCase()
  if (header === undefined || headers[header] === undefined) {
    return `No credential goes up (\`auth\` of the endpoint ${endpoint.name})`
  }
  if (!rest.delete(header)) return undefined
  return `\`${header}\` is the key in \`headers\` of the endpoint ${endpoint.name}`
}

function source({ call, prepared, credential, account }: Story): string {
  const { endpoint } = prepared.target
  const hasAccount = call.app.account.source !== 'none'
  const whom =
    endpoint.auth === 'accounts'
      ? `the account ${account} (\`accounts\` of the endpoint ${endpoint.name})`
      : `${whose(endpoint, call.config, hasAccount)} (\`auth\` of the endpoint ${endpoint.name})`
  const isUnknown = credential?.accountToken === unknownToken
  return `\`${credential?.header}\` carries ${whom}${isUnknown ? ', whose login has to be renewed first' : ''}`
}

/** What the endpoint's `headers` set. */
function ownHeaders({ prepared }: Story, rest: Map<string, string>): string[] {
  const { name: endpoint, headers } = prepared.target.endpoint
  const names = Object.entries(headers).map(([name]) => name.toLowerCase())
  const extra = prepared.body.headers
  const set = names.filter((name) => extra[name] === undefined && rest.delete(name))
  if (set.length === 0) return []
  return [`${listed(set)} ${isOrAre(set)} set by \`headers\` of the endpoint ${endpoint}.`]
}

/** What the new body needs, and what it must not have beside it. */
function bodyHeaders(
  extra: Record<string, string | undefined>,
  rest: Map<string, string>,
  lost: Map<string, string>,
): string[] {
  const names = Object.keys(extra)
  const set = names.filter((name) => name !== 'accept-encoding' && rest.delete(name))
  const taken = names.filter((name) => extra[name] === undefined && lost.delete(name))
  return [
    ...(rest.delete('accept-encoding')
      ? ['`accept-encoding` is identity: tokens and the end of an answer are looked for in it.']
      : []),
    ...(set.length > 0
      ? [`${listed(set)} ${isOrAre(set)} what the API wants beside the body.`]
      : []),
    ...(taken.length > 0 ? [`${listed(taken)} would not fit the body.`] : []),
  ]
}

/** Those of one connection. */
const ofConnection = ['host', 'content-length', 'connection', 'transfer-encoding', 'expect']

function connectionHeaders(rest: Map<string, string>, lost: Map<string, string>): string[] {
  const names = ofConnection.filter((name) => {
    const isSet = rest.delete(name)
    return lost.delete(name) || isSet
  })
  return names.length > 0 ? [`${listed(names)} ${isOrAre(names)} of the new request's own.`] : []
}

/** `pass` and the names decide; see the headers of `lib/upstream`. */
function staying({ call, prepared }: Story, lost: ReadonlyMap<string, string>): string[] {
  const isHopByHop = hopByHopTest(call.headers.connection)
  const { pass } = prepared.body
  const rules: [why: string, holds: (name: string, text: string) => boolean][] = [
    ['of one connection alone', (name) => isHopByHop(name)],
    ['for this proxy', (name) => name.startsWith('x-droid2api-')],
    [
      'credentials, addresses and pages of a client are no business of an upstream',
      (name, text) => staysHere(name, text),
    ],
    ['of no use to a model of another API', (name) => pass !== 'all' && !whoAsks.has(name)],
  ]
  const by = new Map<string, string[]>()
  for (const [name, text] of lost) {
    const why = rules.find(([, holds]) => holds(name, text))?.[0] ?? 'the configuration says so'
    by.set(why, [...(by.get(why) ?? []), name])
  }
  return Array.from(by, ([why, names]) => `${listed(names)}: not passed on (${why}).`)
}

function isOrAre({ length }: readonly string[]): string {
  return length === 1 ? 'is' : 'are'
}
