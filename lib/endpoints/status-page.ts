/**
 * GET /status, and GET / for a browser that may look — the page for whoever runs the proxy, and its style sheet and script. The
 * script is also what writes the HTML here, so the page stands without running it. Until the first visit nothing of all that is
 * in memory. Sources: CSP 3; RFC 9110 §12.5.1 and §13.1.2.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Call, Endpoint } from '../app.ts'
import type { pageHtml } from '../page/main.ts'
import { contentFor, status } from './status.ts'

interface Asset {
  bytes: Buffer
  type: string
  etag: string
}

interface Page {
  assets: ReadonlyMap<string, Asset>
  pageHtml: typeof pageHtml
}

const types = { 'page.css': 'text/css', 'page.js': 'text/javascript' }

let page: Promise<Page> | undefined

/** What `bin/build/build.ts` makes of `lib/page`, read once. */
function pageOf({ config }: Call): Promise<Page> {
  page ??= readPage(path.join(config.program_dir, 'dist', 'page')).catch((error: unknown) => {
    page = undefined
    throw error
  })
  return page
}

async function readPage(dir: string): Promise<Page> {
  const assets = new Map<string, Asset>()
  for (const [name, type] of Object.entries(types)) {
    const bytes = await readFile(path.join(dir, name))
    const hash = createHash('sha256').update(bytes).digest('base64url')
    assets.set(name, { bytes, type: `${type}; charset=utf-8`, etag: `"${hash.slice(0, 22)}"` })
  }
  const script = pathToFileURL(path.join(dir, 'page.js')).href
  const { pageHtml: write } = (await import(script)) as Pick<Page, 'pageHtml'>
  return { assets, pageHtml: write }
}

/** Nothing but what is of this address, and nothing that is written into the page: whatever a name holds stays a text. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const safety = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' }

/** The page for clients that prefer HTML, the figures for all others. */
export const statusPage: Endpoint = async (req, res, call) => {
  if (!likesHtml(call.headers.accept)) {
    await status(req, res, call)
    return
  }
  const [content, { pageHtml: write }] = await Promise.all([contentFor(call), pageOf(call)])
  const accepted = call.headers['accept-language'] ?? ''
  const root = rootFrom(req.url ?? '/')
  const html = Buffer.from(write(content, { root, query: call.query, accepted }))
  send(req, res, html, {
    ...safety,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cache-control': 'no-store',
    vary: 'accept, accept-language',
  })
}

/** From a page at that address up to where `/` is; the proxy does not see what path a front proxy has before it. */
function rootFrom(url: string): string {
  const [place = '/'] = url.replace(/^https?:\/\/[^/]*/i, '').split('?')
  return '../'.repeat(Math.max(0, place.split('/').length - 2))
}

/** `/status/page.css` and `/status/page.js`. A browser asks each time whether its copy is still right. */
export const pageAsset: Endpoint = async (req, res, call) => {
  const { assets } = await pageOf(call)
  const { bytes, type, etag } = assets.get(path.posix.basename(call.path))!
  const head = { ...safety, etag, 'cache-control': 'no-cache' }
  if (call.headers['if-none-match']?.includes(etag)) res.writeHead(304, head).end()
  else send(req, res, bytes, { ...head, 'content-type': type })
}

function send(
  { method }: IncomingMessage,
  res: ServerResponse,
  bytes: Buffer,
  head: Record<string, string>,
): void {
  res.writeHead(200, { ...head, 'content-length': bytes.length })
  res.end(method === 'HEAD' ? undefined : bytes)
}

/** Whether HTML is asked for by name, and nothing in JSON is liked better. */
export function likesHtml(accept = ''): boolean {
  const html = weightOf('text/html', accept)
  return html > 0 && html >= weightOf('application/json', accept)
}

/** 0 for a type that is not named. */
function weightOf(type: string, accept: string): number {
  for (const entry of accept.toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((one) => one.trim())
    if (name !== type) continue
    const weight = parameters.find((one) => one.startsWith('q='))
    return weight === undefined ? 1 : Number(weight.slice(2)) || 0
  }
  return 0
}
