/** The page as a server hands it out: to whom, with which headers, how large, and whole without a script. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { likesHtml } from '../../lib/endpoints/status-page.ts'
import { languageOf } from '../../lib/page/words.ts'
import { builtProgram } from '../helpers/built-program.ts'
import { startProxy } from '../helpers/proxy.ts'
import { busyProxy } from './busy-proxy.ts'

const browsers = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const key = 'the-key-of-whoever-looks'

async function get(url: string, headers: Record<string, string> = { accept: browsers }) {
  const answer = await fetch(url, { headers, redirect: 'manual' })
  return { status: answer.status, headers: answer.headers, body: await answer.text() }
}

test('contract §20.1: /status is a page where HTML is liked best, else JSON', async (t) => {
  const { url } = await startProxy(t)

  const page = await get(`${url}/status`)
  const json = await get(`${url}/status`, { accept: '*/*' })

  assert.match(page.body, /^<!doctype html><html lang="en">/)
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  assert.ok('uptime_s' in (JSON.parse(json.body) as object))
  assert.ok(likesHtml('application/json;q=0.5, text/html;q=0.6'))
  for (const accept of [
    undefined,
    '',
    'application/json',
    'application/json, text/html;q=0.9',
    'text/html;q=0',
    'text/*',
  ]) {
    assert.ok(!likesHtml(accept), accept)
  }
})

test('contract §20.1: / is the page for a browser that may look, and what it was for everybody else', async (t) => {
  const { url } = await startProxy(t)
  const locked = await startProxy(t, { env: { ADMIN_KEY: key } })
  const basic = `Basic ${Buffer.from(`any:${key}`).toString('base64')}`

  const mine = await get(url)
  const asked = await get(locked.url)
  const known = await get(locked.url, { accept: browsers, authorization: basic })
  const others = await Promise.all([
    get(url, { accept: '*/*' }),
    get(url, { accept: browsers, 'x-forwarded-for': '192.0.2.1' }),
    get(locked.url, { accept: browsers, 'x-api-key': 'a-wrong-key-of-the-admin' }),
    get(locked.url, { accept: 'application/json', authorization: basic }),
  ])

  for (const { body } of [mine, known]) assert.match(body, /^<!doctype html>/)
  for (const { status, body } of [asked, ...others]) {
    assert.equal(status, 200)
    assert.equal((JSON.parse(body) as { name: string }).name, 'droid2api')
  }
  assert.equal((await get(`${locked.url}/status`)).status, 401)
  assert.ok(locked.logs.every(({ msg }) => !String(msg).includes('set ADMIN_KEY')))
})

test('contract §20.2: the page is kept by nobody, and loads nothing but its own two files', async (t) => {
  const { url } = await startProxy(t)

  const { headers } = await get(`${url}/status`)

  assert.equal(
    headers.get('content-security-policy'),
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  )
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal(headers.get('referrer-policy'), 'no-referrer')
  for (const [name, type] of [
    ['page.css', 'text/css'],
    ['page.js', 'text/javascript'],
  ]) {
    const asset = await get(`${url}/status/${name}`, {})
    const etag = asset.headers.get('etag')!
    const again = await get(`${url}/status/${name}`, { 'if-none-match': `W/"x", ${etag}` })
    assert.equal(asset.headers.get('content-type'), `${type}; charset=utf-8`)
    assert.equal(asset.headers.get('cache-control'), 'no-cache')
    assert.equal(asset.headers.get('x-content-type-options'), 'nosniff')
    assert.deepEqual([again.status, again.body], [304, ''])
    const { body } = await get(`${url}/status/${name}`, { 'if-none-match': '"of-another-version"' })
    assert.equal(body, asset.body)
  }
})

test('contract §20.2: page, style sheet and script are at most 60 KB together and no part of the program, and HEAD sends none of it', async (t) => {
  const { url } = await startProxy(t, { config: { models: [] } })
  const dir = path.join(builtProgram(), '..', '..', 'page')

  const { body } = await get(`${url}/status`)
  const files = ['page.css', 'page.js'].map((name) => readFileSync(path.join(dir, name)).length)
  const program = readFileSync(path.join(dir, '..', 'bin', 'main.cjs'), 'utf8')
  const head = await fetch(`${url}/status`, { method: 'HEAD', headers: { accept: browsers } })

  const bytes = Buffer.byteLength(body) + files[0]! + files[1]!
  assert.ok(bytes > 20_000 && bytes <= 60_000, `${bytes} bytes`)
  const ownWords = 'This page only shows'
  assert.deepEqual([body.includes(ownWords), program.includes(ownWords)], [true, false])
  assert.equal(await head.text(), '')
  assert.ok(Number(head.headers.get('content-length')) > 1000)
})

test('contract §20.9: the page finds its files and figures also below a path of a front proxy', async (t) => {
  const { url } = await startProxy(t)
  const script = readFileSync(path.join(builtProgram(), '..', '..', 'page', 'page.js'), 'utf8')

  for (const place of ['/', '/status', '/status/', '/v1', '//status?lang=zh']) {
    const { body } = await get(url + place)
    // as the browser sees it, where the front proxy takes /llm off
    const seen = `https://llm.example/llm${place}`
    const links = Array.from(
      body.matchAll(/ (?:href|src)="([^"]*page\.(?:css|js))"/g),
      ([, to]) => to!,
    )
    assert.deepEqual(
      links.map((to) => new URL(to, seen).pathname),
      ['/llm/status/page.css', '/llm/status/page.js'],
      place,
    )
  }
  assert.ok(!/["'`]\/status/.test(script))
  assert.ok(script.includes('"../status.json"'))
})

test('contract §20.3: STATUS_PAGE=off leaves no page', async (t) => {
  const { url } = await startProxy(t, { env: { STATUS_PAGE: 'OFF' } })

  for (const place of ['/status', '/status/page.css', '/status/page.js']) {
    const { status, body } = await get(url + place)
    assert.equal(status, 404)
    assert.match(body, /"code":"unknown_path"/)
  }
  assert.equal((await get(`${url}/status.json`)).status, 200)
  assert.match((await get(url)).body, /"name":"droid2api"/)
})

test('contract §20.4: all that is shown is in the HTML, in the language that the browser likes', async (t) => {
  const { url } = await busyProxy(t)

  const english = await get(`${url}/status`, {
    accept: browsers,
    'accept-language': 'de, en;q=0.5',
  })
  const chinese = await get(`${url}/status`, {
    accept: browsers,
    'accept-language': 'zh-TW,en;q=0.8',
  })
  const errors = await get(`${url}/status?lang=en&show=errors`)

  for (const text of ['Everything works', 'work', 'Resting', 'claude-opus-5-5', 'build-server']) {
    assert.ok(english.body.includes(text), text)
  }
  assert.match(english.body, /<li>anthropic\/work <span class="bad-text">429<\/span><\/li>/)
  assert.match(chinese.body, /^<!doctype html><html lang="zh-CN">.*一切正常/)
  const rowsOf = ({ body }: typeof errors) => body.split('class="what"').length - 1
  assert.deepEqual([rowsOf(english), rowsOf(errors)], [9, 3])
  assert.equal(languageOf('zh;q=0.3, fr, en;q=0.2'), 'zh')
  assert.equal(languageOf('en;q=0, zh;q=0'), 'en')
  assert.equal(languageOf('*'), 'en')
})

test('the pictures of the README are there, and small', () => {
  const root = path.join(import.meta.dirname, '..', '..')
  for (const readme of ['README.md', 'README.zh-CN.md']) {
    const named = readFileSync(path.join(root, readme), 'utf8').match(/docs\/status-\w+\.webp/g)
    assert.equal(named?.length, 2, readme)
    for (const name of named) {
      const { length } = readFileSync(path.join(root, name))
      assert.ok(length > 10_000 && length <= 150_000, `${name}: ${length} bytes`)
    }
  }
})
