/** Where a request goes: the endpoint's address with the sub-path and the query of the client. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call } from '../../lib/app.ts'
import { prepared } from '../../lib/config/models.ts'
import type { ConfigData } from '../../lib/config/types.ts'
import { targetOf } from '../../lib/upstream/target.ts'

const model = { name: 'm', id: 'm', type: 'anthropic', reasoning: 'auto' } as const

function addressOf(base_url: string, query = '', subPath = '') {
  const endpoint = { name: 'e', type: 'anthropic', base_url, auth: 'account', headers: {} }
  const data = { models: [model], endpoints: [endpoint], model_redirects: {} }
  const config = prepared({
    ...data,
    api_keys: [],
    clients: [],
    system_prompt: '',
    cors_origins: [],
  } as unknown as ConfigData)
  const call = { config, record: {} } as unknown as Call
  return targetOf(call, config.models[0]!, { subPath, query, stream: false }).address
}

const paths: [base: string, query: string, subPath: string, path: string][] = [
  ['http://a/v1/messages', '', '', '/v1/messages'],
  ['http://a/v1/messages/', '', '/count_tokens', '/v1/messages/count_tokens'],
  ['http://a/v1/messages', '?beta=true', '', '/v1/messages?beta=true'],
  ['http://a/v1/messages?key=1', '', '', '/v1/messages?key=1'],
  ['http://a/v1/messages?key=1', '?beta=true', '', '/v1/messages?key=1&beta=true'],
  ['http://a//v1//messages', '??a&&b', '', '//v1//messages??a&&b'],
  ['http://a/v1/messages', '?a#b', '', '/v1/messages?a%23b'],
  ['http://a/v1/messages', '?a="x"<y>', '', '/v1/messages?a=%22x%22%3Cy%3E'],
]

for (const [base, query, subPath, path] of paths) {
  test(`${base} with ${query || 'no query'} and ${subPath || 'no sub-path'} is ${path}`, () => {
    assert.equal(addressOf(base, query, subPath).path, path)
  })
}

test('the port is the protocol’s own where none is named, and an IPv6 address stands without brackets', () => {
  assert.deepEqual(addressOf('https://a.test/v1'), {
    protocol: 'https:',
    host: 'a.test',
    hostname: 'a.test',
    port: 443,
    path: '/v1/messages',
  })
  assert.deepEqual(addressOf('http://[::1]:8080/v1'), {
    protocol: 'http:',
    host: '[::1]:8080',
    hostname: '::1',
    port: 8080,
    path: '/v1/messages',
  })
})
