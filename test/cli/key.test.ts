/** `droid2api key NAME`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newKey, ownFile } from '../../lib/cli/key.ts'
import { UsageError } from '../../lib/cli/usage.ts'
import { runProgram } from '../helpers/program.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const there = { path: '/etc/config.json', isThere: true }

function partsOf(printed: string): { key: string; entry: Record<string, string> } {
  const [key = '', entry = ''] = printed
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim())
  return { key, entry: JSON.parse(entry) as Record<string, string> }
}

test('contract §14.12: the entry that the program prints lets the key in that it prints, and no other', async (t) => {
  const program = runProgram(t, { args: ['key', 'alice'] })
  assert.equal(await program.exit, 0)
  const { key, entry } = partsOf(program.stdout())
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { clients: [entry] }),
    env: { FACTORY_API_KEY: 'fk-of-the-account' },
  })
  const messages = [{ role: 'user', content: 'Hi' }]
  const body = { model: 'claude-sonnet-4-5', max_tokens: 9, messages }
  const statusWith = async (presented: string) =>
    (await post(`${url}/v1/messages`, body, { authorization: `Bearer ${presented}` })).status

  assert.equal(await statusWith(key), 200)
  assert.equal(await statusWith(`${key.slice(0, -1)}x`), 401)
  assert.equal(entry.name, 'alice')
  assert.ok(!JSON.stringify(entry).includes(key))
})

test('contract §14.12: each key is a new one', () => {
  const keys = Array.from({ length: 20 }, () => partsOf(newKey({ client: 'alice' }, there)).key)

  assert.equal(new Set(keys).size, 20)
})

for (const client of [undefined, 'Alice', 'a@b.c', '-a', 'a'.repeat(33)]) {
  test(`contract §14.12: ${client} is no name`, () => {
    assert.throws(() => newKey({ client }, there), UsageError)
  })
}

test('contract §14.12: the entry says which file it belongs into, and never the shipped one', () => {
  const shipped = {
    file: '/opt/program/config.json',
    data_dir: '/data',
    program_dir: '/opt/program',
  }

  assert.deepEqual(ownFile(shipped), { path: '/data/config.json', isThere: false })
  assert.deepEqual(ownFile({ ...shipped, file: '/data/config.json' }), {
    path: '/data/config.json',
    isThere: true,
  })
  const text = newKey({ client: 'alice' }, ownFile(shipped))
  assert.match(
    text,
    /\nEntry for "clients" in \/data\/config\.json, which is not there yet:\n {2}\{/,
  )
  assert.match(text, /\nA whole file with it, the rest as it is now: \{ "clients": \[ … \] \}\n/)
})
