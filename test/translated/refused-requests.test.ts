/** What no model of another API can answer is refused on every road to one, before anything is sent, in the client's own dialect. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { ask, clients, roads, type Type } from './requests.ts'

interface Row {
  what: string
  body: JsonObject
  /** in OpenAI's dialect; Anthropic's has none */
  code: string
  place: string
  message: RegExp
  /** left out: all that do not speak the client's API */
  to?: Type[]
}

const message = (...content: JsonObject[]) => ({ messages: [{ role: 'user', content }] })
const input = (...content: JsonObject[]) => ({ input: [{ role: 'user', content }] })
const look = { name: 'look', input_schema: { type: 'object' } }
const lookFlat = { type: 'function', name: 'look', parameters: { type: 'object' } }
const image = (source: JsonObject) => message({ type: 'image', source })

const messagesRows: Row[] = [
  ...[{ type: 'create' }, { type: 'continue', id: 't' }].map((thread) => ({
    what: `thread ${thread.type}`,
    body: { thread },
    code: 'unsupported_parameter',
    place: 'thread',
    message: /threads are not kept here.*`thread: false`/,
  })),
  {
    what: 'MCP servers',
    body: { mcp_servers: [{ type: 'url', url: 'https://x' }] },
    code: 'unsupported_parameter',
    place: 'mcp_servers',
    message: /has nothing like it; models of type anthropic have/,
  },
  {
    what: 'compaction',
    body: { compaction: { type: 'auto' } },
    code: 'unsupported_parameter',
    place: 'compaction',
    message: /models of type anthropic have/,
  },
  {
    what: 'an image in a file store',
    body: image({ type: 'file', file_id: 'file_1' }),
    code: 'unsupported_content',
    place: 'messages.0.content.0.source',
    message: /data|base64/,
  },
  {
    what: 'a document in a file store',
    body: message({ type: 'document', source: { type: 'file', file_id: 'file_1' } }),
    code: 'unsupported_content',
    place: 'messages.0.content.0.source',
    message: /data|base64/,
  },
  {
    what: 'a summary that nobody can read',
    body: message({ type: 'compaction', encrypted_content: 'x' }),
    code: 'unsupported_content',
    place: 'messages.0.content.0',
    message: /new conversation|stay with/,
  },
  {
    what: 'an unknown block of the user',
    body: message({ type: 'hologram' }),
    code: 'unsupported_content',
    place: 'messages.0.content.0',
    message: /"hologram"/,
  },
  {
    what: 'a block of a toolset',
    body: {
      messages: [
        { role: 'user', content: 'x' },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 'a', name: 'n', input: {}, toolset_name: 'computer' }],
        },
      ],
    },
    code: 'unsupported_tool',
    place: 'messages.1.content.0.toolset_name',
    message: /schema/,
  },
  ...['computer_20250124', 'computer_toolset_20260801', 'browser_toolset_20260801'].map((type) => ({
    what: `the tool ${type}`,
    body: { tools: [look, { type, name: 'own' }] },
    code: 'unsupported_tool',
    place: 'tools.1',
    message: new RegExp(`"${type}".*declare it as a function with a schema`),
  })),
  ...['web_fetch_20250910', 'code_execution_20250825'].map((type) => ({
    what: `the hosted tool ${type} alone`,
    body: { tools: [{ type, name: 'own' }] },
    code: 'unsupported_tool',
    place: 'tools.0',
    message: /is not available on the model "[^"]+" here/,
  })),
  {
    what: 'a picture at an address that is none of the web',
    body: image({ type: 'url', url: 'ftp://x/y.png' }),
    code: 'invalid_value',
    place: 'messages.0.content.0.source.url',
    message: /http/,
  },
  {
    what: 'a file at an address, for a chat server',
    body: message({ type: 'document', source: { type: 'url', url: 'https://x/a.pdf' } }),
    code: 'unsupported_content',
    place: 'messages.0.content.0.source.url',
    message: /send the data/,
    to: ['common'],
  },
]

const responsesRows: Row[] = [
  ...['conversation', 'prompt'].map((name) => ({
    what: name,
    body: { [name]: { id: 'x' } },
    code: 'unsupported_parameter',
    place: name,
    message: /models of type openai have/,
  })),
  {
    what: 'an answer before',
    body: { previous_response_id: 'resp_1' },
    code: 'previous_response_not_found',
    place: 'previous_response_id',
    message: /not kept here.*whole input/,
  },
  {
    what: 'an item by its id',
    body: { input: [{ type: 'item_reference', id: 'msg_1' }] },
    code: 'item_not_found',
    place: 'input[0]',
    message: /store: false/,
  },
  ...['compaction', 'context_compaction'].map((type) => ({
    what: `a ${type}`,
    body: {
      input: [
        { role: 'user', content: 'x' },
        { type, encrypted_content: 'x' },
      ],
    },
    code: 'unsupported_content',
    place: 'input[1]',
    message: /only the provider which made it can read.*new conversation/,
  })),
  {
    what: 'an image in a file store',
    body: input({ type: 'input_image', file_id: 'file_1' }),
    code: 'unsupported_content',
    place: 'input[0].content[0].file_id',
    message: /data|URL/,
  },
  {
    what: 'a file in a file store',
    body: input({ type: 'input_file', file_id: 'file_1' }),
    code: 'unsupported_content',
    place: 'input[0].content[0].file_id',
    message: /data|URL/,
  },
  {
    what: 'a picture at an address that is none of the web',
    body: input({ type: 'input_image', image_url: 'ftp://x/y.png' }),
    code: 'invalid_value',
    place: 'input[0].content[0].image_url',
    message: /http/,
  },
  {
    what: 'sound',
    body: input({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }),
    code: 'unsupported_content',
    place: 'input[0].content[0]',
    message: /input_audio/,
    to: ['anthropic', 'common'],
  },
  {
    what: 'an instruction that is no text',
    body: {
      input: [
        { role: 'developer', content: [{ type: 'input_image', image_url: 'https://x/y.png' }] },
        { role: 'user', content: 'x' },
      ],
    },
    code: 'unsupported_content',
    place: 'input[0].content[0]',
    message: /input_image/,
  },
  ...['file_search', 'code_interpreter', 'mcp', 'hologram'].map((type) => ({
    what: `the hosted tool ${type} alone`,
    body: { tools: [{ type }] },
    code: 'unsupported_tool',
    place: 'tools[0]',
    message: new RegExp(`^${type} is not available on the model "[^"]+" here`),
  })),
  {
    what: 'a hosted tool that is to be called',
    body: {
      tools: [lookFlat, { type: 'file_search', vector_store_ids: ['v'] }],
      tool_choice: { type: 'file_search' },
    },
    code: 'unsupported_tool',
    place: 'tools[1]',
    message: /^file_search is not available/,
  },
]

const rows: [client: string, row: Row][] = [
  ...messagesRows.map((row): [string, Row] => ['messages', row]),
  ...responsesRows.map((row): [string, Row] => ['responses', row]),
]

for (const [name, { what, body, code, place, message: said, to }] of rows) {
  const own = roads.filter(
    ({ client, type }) => client === clients[name] && (to?.includes(type) ?? true),
  )
  for (const { road, client, type } of own) {
    test(`§16, §17 ${road}: ${what} is a 400`, async (t) => {
      const whole = { ...client.ask([{ user: 'Hi' }]), ...body }

      const { status, answer, sent } = await ask(t, { client, type }, whole)

      assert.equal(status, 400, JSON.stringify(sent))
      const error = answer.error as JsonObject
      const text = String(error.message)
      assert.match(text, said)
      assert.equal(error.type, 'invalid_request_error')
      if (name === 'messages') {
        assert.equal('code' in error, false)
        assert.ok(text.startsWith(place), text)
      } else assert.deepEqual([error.code, error.param], [code, place])
      assert.equal(sent, undefined)
    })
  }
}
