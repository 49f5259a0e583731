import assert from 'node:assert/strict'
import { test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'

const ids = ['claude-sonnet-4-5', 'gpt-5.1', 'glm-4.6']

test('the openai client lists and retrieves models', async (t) => {
  const { url } = await startProxy(t, { config: oneUpstream('http://127.0.0.1:1') })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'x' })

  const listed = await client.models.list()
  const one = await client.models.retrieve('glm-4.6')

  assert.deepEqual(
    listed.data.map((model) => model.id),
    ids,
  )
  assert.equal(one.object, 'model')
  await assert.rejects(client.models.retrieve('glm-4.7'), OpenAI.NotFoundError)
})

test('the Anthropic client lists page by page and retrieves models', async (t) => {
  const { url } = await startProxy(t, { config: oneUpstream('http://127.0.0.1:1') })
  const client = new Anthropic({ baseURL: url, apiKey: 'x' })

  const found: string[] = []
  for await (const model of client.models.list({ limit: 2 })) found.push(model.id)
  const one = await client.models.retrieve('claude-sonnet-4-5')

  assert.deepEqual(found, ids)
  assert.equal(one.display_name, 'Sonnet')
  assert.ok(!Number.isNaN(Date.parse(one.created_at)))
})

test('a page says where it begins, where it ends and whether there is more', async (t) => {
  const { url } = await startProxy(t, { config: oneUpstream('http://127.0.0.1:1') })
  const page = async (query: string) =>
    await (
      await fetch(`${url}/v1/models${query}`, { headers: { 'anthropic-version': '2023-06-01' } })
    ).json()
  const edges = ({ data, ...rest }: Record<string, unknown>) => ({
    ...rest,
    ids: (data as { id: string }[]).map((model) => model.id),
  })

  assert.deepEqual(edges((await page('?limit=1')) as Record<string, unknown>), {
    first_id: ids[0],
    last_id: ids[0],
    has_more: true,
    ids: ids.slice(0, 1),
  })
  assert.deepEqual(edges((await page('?after_id=gpt-5.1')) as Record<string, unknown>), {
    first_id: ids[2],
    last_id: ids[2],
    has_more: false,
    ids: ids.slice(2),
  })
  assert.deepEqual(edges((await page('?before_id=glm-4.6&limit=1')) as Record<string, unknown>), {
    first_id: ids[1],
    last_id: ids[1],
    has_more: true,
    ids: ids.slice(1, 2),
  })
})

test('a senseless limit is refused', async (t) => {
  const { url } = await startProxy(t)

  const answer = await fetch(`${url}/v1/models?limit=0`, {
    headers: { 'anthropic-version': '2023-06-01' },
  })

  assert.equal(answer.status, 400)
})
