/** The server block of docs/deploy.md in a real nginx, and what SECURITY says of one without its headers. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import https from 'node:https'
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { selfSigned } from '../faults/self-signed.ts'
import { deferred } from '../helpers/deferred.ts'
import { freePort } from '../helpers/free-port.ts'
import { need, skipWithout } from '../helpers/packaged-server.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { until } from '../helpers/until.ts'
import { anthropicMessage, anthropicStream, startUpstream } from '../helpers/upstream.ts'
import { blocksOf } from './page.ts'

const skip = skipWithout('nginx')
const block = blocksOf('docs/deploy.md').find(({ language }) => language === 'nginx')!.text
const key = 'key-of-alice-3f9a1c'
const account = { FACTORY_API_KEY: 'fk-of-the-account' }

/** Replaces what must be there. */
function put(text: string, from: string | RegExp, to: string): string {
  assert.ok(typeof from === 'string' ? text.includes(from) : from.test(text), String(from))
  return text.replace(from, () => to)
}

/** Runs the block, ended with the test. */
async function startNginx(t: TestContext, server: string, port: number): Promise<void> {
  const dir = tempDir()
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const temporary = kinds.map((kind) => `${kind}_temp_path ${dir}/${kind};`).join('\n')
  const file = path.join(dir, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${dir}/pid; error_log stderr;
    events {} http { access_log off; ${temporary} ${server} }`,
  )
  const args = ['-p', dir, '-c', file, '-e', 'stderr']
  const child = spawn(need('nginx'), args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece))
  const ended = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await until(async () => {
    assert.equal(child.exitCode, null, said)
    return await fetch(`http://127.0.0.1:${port}`).then(
      () => true,
      ({ cause }: Error) => (cause as NodeJS.ErrnoException).code !== 'ECONNREFUSED',
    )
  })
}

/** The block as the page has it, with ports and a certificate of this test's. */
async function behindTheBlock(t: TestContext, proxyUrl: string) {
  const dir = tempDir()
  const { key: secret, cert } = selfSigned()
  writeFileSync(path.join(dir, 'key.pem'), secret)
  writeFileSync(path.join(dir, 'cert.pem'), cert)
  const port = await freePort()
  let server = put(block, 'listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
  server = put(server, /\/\S+fullchain\.pem/, `${dir}/cert.pem`)
  server = put(server, /\/\S+privkey\.pem/, `${dir}/key.pem`)
  await startNginx(t, put(server, 'http://127.0.0.1:3000', proxyUrl), port)
  return async (route: string, body?: object, headers: Record<string, string> = {}) => {
    const sent = body && JSON.stringify(body)
    const request = https.request({
      host: '127.0.0.1',
      port,
      path: route,
      method: sent ? 'POST' : 'GET',
      rejectUnauthorized: false,
      headers: { host: 'droid.example.com', 'content-type': 'application/json', ...headers },
    })
    request.end(sent)
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    return answer.setEncoding('utf8')
  }
}

describe('behind nginx', { skip }, () => {
  test('deploy: streams pass event by event, large requests pass, and nobody without a key', async (t) => {
    const seen = deferred()
    const [first = '', ...rest] = anthropicStream({ text: ['Hello.'] })
    const upstream = await startUpstream(t, () => ({
      sse: [first, { until: seen.promise }, ...rest],
    }))
    const config = { ...oneUpstream(upstream.url), api_keys: [key] }
    const proxy = await startProxy(t, { config, env: account })
    const ask = await behindTheBlock(t, proxy.url)
    const model = proxy.app.config.models.find(({ type }) => type === 'anthropic')!.id
    // nginx takes 1 MB as it comes
    const messages = [{ role: 'user', content: 'x'.repeat(3_000_000) }]
    const hello = { model, max_tokens: 9, stream: true, messages }

    const answer = await ask('/v1/messages', hello, { 'x-api-key': key })
    let text = ''
    for await (const piece of answer) {
      text += piece as string
      seen.resolve()
    }

    assert.equal(answer.statusCode, 200)
    assert.match(text, /message_start[\s\S]*Hello\.[\s\S]*message_stop/)
    assert.equal((await ask('/v1/models')).statusCode, 403)
  })

  test('deploy: the block without keys opens nothing', async (t) => {
    const proxy = await startProxy(t, { env: account })
    const ask = await behindTheBlock(t, proxy.url)

    assert.equal((await ask('/v1/models')).statusCode, 403)
    assert.equal((await ask('/status.json')).statusCode, 403)
  })

  test('SECURITY: nginx as it comes makes every caller one of this machine, unless keys are set', async (t) => {
    const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi.'] }) }))
    const bare = async (config: object) => {
      const proxy = await startProxy(t, {
        config: { ...oneUpstream(upstream.url), ...config },
        env: account,
      })
      const port = await freePort()
      const server = `server { listen 127.0.0.1:${port}; location / { proxy_pass ${proxy.url}; } }`
      await startNginx(t, server, port)
      const url = `http://127.0.0.1:${port}`
      const model = proxy.app.config.models.find(({ type }) => type === 'anthropic')!.id
      const hello = { model, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
      const answers = [await post(`${url}/v1/messages`, hello), await fetch(`${url}/status.json`)]
      return answers.map(({ status }) => status)
    }

    assert.deepEqual(await bare({}), [200, 200])
    assert.deepEqual(
      await bare({ clients: [{ name: 'alice', key }], admin_key: 'key-of-the-operator-3f9a1c' }),
      [401, 401],
    )
  })

  test('contract §8.13: nginx that only says for whom it asks opens nothing, and may send the key itself', async (t) => {
    const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi.'] }) }))
    const through = async (config: object, lines: string) => {
      const proxy = await startProxy(t, {
        config: { ...oneUpstream(upstream.url), ...config },
        env: account,
      })
      const port = await freePort()
      const own = `proxy_pass ${proxy.url}; proxy_set_header X-Forwarded-For 192.0.2.1; ${lines}`
      await startNginx(t, `server { listen 127.0.0.1:${port}; location / { ${own} } }`, port)
      const model = proxy.app.config.models.find(({ type }) => type === 'anthropic')!.id
      const hello = { model, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
      const basic = { authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` }
      return (await post(`http://127.0.0.1:${port}/v1/messages`, hello, basic)).status
    }

    assert.equal(await through({}, ''), 403)
    assert.equal(await through({ api_keys: [key] }, `proxy_set_header X-Api-Key "${key}";`), 200)
    assert.equal(upstream.requests[0]?.headers.authorization, `Bearer ${account.FACTORY_API_KEY}`)
  })
})
