/** `droid2api health`: what the health check of a container asks. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { freePort } from '../helpers/free-port.ts'
import { runProgram } from '../helpers/program.ts'

/** What the command says of a proxy with that configuration. */
async function health(
  t: TestContext,
  config: Record<string, unknown> | string,
  env: Record<string, string> = {},
) {
  const asking = runProgram(t, { args: ['health'], config, env })
  return [await asking.exit, asking.stdout(), asking.stderr()]
}

test('contract §4.16: health finds a proxy at the port of its file, of its .env, or of a variable in quotes', async (t) => {
  const port = await freePort()
  const proxy = runProgram(t, { config: { port, host: '::', api_keys: ['key-of-alice-3f9a1c'] } })
  await proxy.url()

  assert.deepEqual(await health(t, { port, host: '::' }), [0, 'ok\n', ''])
  assert.deepEqual(await health(t, { port: 1 }, { PORT: `"${port}"` }), [0, 'ok\n', ''])
  writeFileSync(path.join(proxy.dir, '.env'), `PORT=${port}\n`)
  assert.deepEqual(await health(t, {}, { DATA_DIR: proxy.dir }), [0, 'ok\n', ''])
})

test('contract §4.16: a proxy that runs on with what it had is healthy, however broken its file has become', async (t) => {
  const port = await freePort()
  const proxy = runProgram(t, { env: { PORT: String(port) } })
  await proxy.url()

  for (const config of ['{', { port: 'none' }, { port: await freePort() }]) {
    assert.deepEqual(await health(t, config, { PORT: String(port) }), [0, 'ok\n', ''])
  }
})

test('contract §4.16: where nobody answers, or another program, health ends with 1 and the places', async (t) => {
  const other = http.createServer((_req, res) => res.end('{}')).listen(0, '127.0.0.1')
  t.after(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const nobody = await freePort()

  const [code, out, err] = await health(t, '{', { PORT: String(nobody) })
  const [beside] = await health(t, { port }, { PORT: String(nobody) })

  assert.deepEqual([code, out, beside], [1, '', 1])
  assert.equal(err, `No droid2api answers at http://localhost:${nobody}\n`)
})
