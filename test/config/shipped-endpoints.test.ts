import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../lib/config/load.ts'
import { tempDir } from '../helpers/temp-dir.ts'

test('contract §3.14: the shipped endpoints are Factory’s three addresses, with the headers of its CLI', () => {
  const packageDir = path.join(import.meta.dirname, '..', '..')
  const dir = tempDir()

  const { config } = loadConfig({ flags: {}, env: {}, cwd: dir, packageDir, homeDir: dir })

  const root = 'https://api.factory.ai/api/llm'
  assert.deepEqual(
    config.endpoints.map(({ type, base_url: address }) => [type, address]),
    [
      ['anthropic', `${root}/a/v1/messages`],
      ['openai', `${root}/o/v1/responses`],
      ['common', `${root}/o/v1/chat/completions`],
    ],
  )
  for (const { headers } of config.endpoints) {
    assert.equal(headers['x-factory-client'], 'cli')
    assert.deepEqual(Object.keys(headers).toSorted(), [
      'x-api-provider',
      'x-assistant-message-id',
      'x-factory-client',
      'x-session-id',
    ])
  }
})
