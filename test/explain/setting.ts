/** A proxy at an upstream that records the very bytes, and what explain says beside what a request then sends. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { head, rawUpstream } from '../faults/raw-upstream.ts'
import { startProxy, type ProxyOptions, type TestProxy } from '../helpers/proxy.ts'

export interface Shown {
  model: string
  chain: { model: string; endpoint?: string; type?: string; why: string }[]
  account: string | null
  others: { name: string; why: string }[]
  method: string | null
  url: string | null
  headers: Record<string, string> | null
  body: string | null
  changes: string[]
}

export interface Setting {
  proxy: TestProxy
  url: string
  /** what came, as Latin-1 */
  sent: string[]
}

/** Nothing of an answer matters here, and a refusal changes nothing at any account. */
const refusal = '{"error":{"message":"no","type":"invalid_request_error"}}'
const answer = `${head('400 Bad Request', 'content-type: application/json', `content-length: ${refusal.length}`)}${refusal}`

export async function recorded(
  t: TestContext,
  optionsAt: (url: string) => ProxyOptions,
): Promise<Setting> {
  const sent: string[] = []
  const upstream = await rawUpstream(t, (socket, request) => {
    sent.push(request)
    socket.write(answer)
  })
  const proxy = await startProxy(t, optionsAt(upstream.url))
  return { proxy, url: upstream.url, sent }
}

export interface Answered {
  status: number | undefined
  headers: IncomingHttpHeaders
  text: string
}

/** POSTs by Node's own means, which take headers that `fetch` does not. */
export async function send(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const whole = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const given = { 'content-type': 'application/json', ...headers }
  const sent = http.request(url, { method: 'POST', headers: given })
  sent.end(whole)
  const [answered] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: answered.statusCode, headers: answered.headers, text: await textOf(answered) }
}

/** Asks for an explanation, by the header. */
export async function explained(
  { proxy }: Pick<Setting, 'proxy'>,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Shown> {
  const order = { ...headers, 'x-droid2api-explain': '1' }
  const answered = await send(proxy.url + path, body, order)
  assert.equal(answered.status, 200, answered.text)
  return (JSON.parse(answered.text) as { explain: Shown }).explain
}

/** A request in its parts: its first line, its header lines in order, its body. */
export interface Parts {
  line: string
  lines: string[]
  body: string
}

export function partsOf(request: string): Parts {
  const end = request.indexOf('\r\n\r\n')
  const [line = '', ...lines] = request.slice(0, end).split('\r\n')
  return { line, lines, body: Buffer.from(request.slice(end + 4), 'latin1').toString('utf8') }
}

/** What was shown, in the form of what a socket gets. */
export function shownParts({ method, url, headers, body }: Shown, origin: string): Parts {
  assert.ok(url?.startsWith(`${origin}/`), String(url))
  return {
    line: `${method} ${String(url).slice(origin.length)} HTTP/1.1`,
    lines: Object.entries(headers!).map(([name, value]) => `${name}: ${value}`),
    body: body!,
  }
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g

/** With a mask in the place of each secret, and one id for all that are made up. */
export function comparable({ line, lines, body }: Parts, secrets: readonly string[]): Parts {
  const clean = (text: string) =>
    secrets
      .reduce((masked, one) => masked.replaceAll(one, maskOf(one)), text)
      .replace(uuid, 'made-up')
  return { line: clean(line), lines: lines.map(clean), body }
}

export function maskOf(secret: string): string {
  return secret.length < 16 ? '***' : `***${secret.slice(-4)}`
}
