/** Images and files in the words of other APIs and gateways, on both providers. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import { turns } from '../../providers/anthropic/request/ask.ts'
import { refusal } from './chat-pieces.ts'
import { input } from '../../providers/openai/request/ask.ts'

const pdf = 'JVBERi0xLjQK'
const png = 'iVBORw0KGgo='
const jpeg = '/9j/4AAQSkZJRgABAQAAAQABAAD/2w=='
const gif = 'R0lGODlhAQABAAAAACw='
const webp = 'UklGRhHQHgBXRUJQVlA4IA=='
const url = 'https://files.example.com/terms.pdf'
const picture = 'https://files.example.com/a.png'

/** What goes up of one part of a user message. */
function claude(part: JsonObject): unknown {
  return turns([{ role: 'user', content: [part] }])[0]?.content[0]
}

function gpt(part: JsonObject): unknown {
  const content = input([{ role: 'user', content: [part] }])[0]?.content
  return Array.isArray(content) ? content[0] : undefined
}

function claudeDocument(source: JsonObject, title?: string) {
  return { type: 'document', source, ...(title && { title }) }
}

function base64(media_type: string, data: string) {
  return { type: 'base64', media_type, data }
}

function gptFile(filename: string, file_data: string) {
  return { type: 'input_file', filename, file_data }
}

suite('T6: files by address', () => {
  const byUrl = claudeDocument({ type: 'url', url })
  const rows: [part: JsonObject, claude: JsonObject][] = [
    [
      { type: 'file', file: { filename: 'terms.pdf', file_url: url } },
      { ...byUrl, title: 'terms.pdf' },
    ],
    [{ type: 'file', file: { file_url: url } }, byUrl],
    [{ type: 'input_file', file_url: url }, byUrl],
    [
      { type: 'input_file', file_url: url, filename: 'a.pdf' },
      { ...byUrl, title: 'a.pdf' },
    ],
    [{ type: 'file', file: { file_data: url } }, byUrl],
    [{ type: 'file', file: { file_id: url } }, byUrl],
    [{ type: 'file', file: { url } }, byUrl],
    [{ type: 'file_url', file_url: { url } }, byUrl],
    [{ type: 'document_url', document_url: url }, byUrl],
    [{ type: 'document', source: { type: 'url', url } }, byUrl],
  ]
  for (const [part, expected] of rows) {
    test(`T6: ${JSON.stringify(part)}`, () => {
      assert.deepEqual(claude(part), expected)
      assert.deepEqual(gpt(part), { type: 'input_file', file_url: url })
    })
  }
})

suite('KT1: file parts as other gateways document them', () => {
  const document = claudeDocument(base64('application/pdf', pdf))
  const named = { ...document, title: 'a.pdf' }
  const dataUrl = `data:application/pdf;base64,${pdf}`
  const file = gptFile('file.pdf', dataUrl)
  const namedFile = gptFile('a.pdf', dataUrl)
  const rows: [whose: string, part: JsonObject, claude: JsonObject, gpt: JsonObject][] = [
    ['Responses', { type: 'input_file', filename: 'a.pdf', file_data: dataUrl }, named, namedFile],
    [
      'LiteLLM, a format',
      { type: 'file', file: { file_data: pdf, format: 'application/pdf' } },
      document,
      file,
    ],
    [
      'LiteLLM, an ending',
      { type: 'file', file: { file_data: pdf, format: 'pdf' } },
      document,
      file,
    ],
    ['LiteLLM, data for an id', { type: 'file', file: { file_id: dataUrl } }, document, file],
    [
      'Vercel AI Gateway',
      { type: 'file', file: { data: pdf, media_type: 'application/pdf', filename: 'a.pdf' } },
      named,
      namedFile,
    ],
    [
      'AI SDK',
      { type: 'file', data: pdf, mediaType: 'application/pdf', filename: 'a.pdf' },
      named,
      namedFile,
    ],
    [
      'LangChain, version 0',
      {
        type: 'file',
        source_type: 'base64',
        data: pdf,
        mime_type: 'application/pdf',
        metadata: { filename: 'a.pdf' },
      },
      named,
      namedFile,
    ],
    [
      'LangChain, version 1',
      { type: 'file', id: 'lc_1', base64: pdf, mime_type: 'application/pdf' },
      document,
      file,
    ],
    [
      'LangChain for Google',
      { type: 'media', mime_type: 'application/pdf', data: pdf },
      document,
      file,
    ],
    ['base64 alone', { type: 'file', file: pdf }, document, file],
    [
      'base64 of no known name',
      { type: 'file', file: { file_data: pdf, filename: 'a' } },
      { ...document, title: 'a' },
      gptFile('a', dataUrl),
    ],
    [
      'a PDF in the place of an image',
      { type: 'image_url', image_url: { url: dataUrl } },
      document,
      file,
    ],
    [
      'base64 in lines, as MIME has it',
      { type: 'file', file: { file_data: `data:application/pdf;base64,JVBERi0x\r\nLjQK\n` } },
      document,
      file,
    ],
    [
      'text of LangChain',
      { type: 'file', source_type: 'text', text: 'abc' },
      claudeDocument({ type: 'text', media_type: 'text/plain', data: 'abc' }),
      { type: 'input_text', text: 'abc' },
    ],
    [
      'plain text of LangChain',
      { type: 'text-plain', text: 'abc' },
      claudeDocument({ type: 'text', media_type: 'text/plain', data: 'abc' }),
      { type: 'input_text', text: 'abc' },
    ],
  ]
  for (const [whose, part, forClaude, forGpt] of rows) {
    test(`KT1: ${whose}`, () => {
      assert.deepEqual(claude(part), forClaude)
      assert.deepEqual(gpt(part), forGpt)
    })
  }

  const ids: [whose: string, part: JsonObject, kind: 'image' | 'file'][] = [
    ['chat', { type: 'file', file: { file_id: 'file_1' } }, 'file'],
    ['Responses', { type: 'input_file', file_id: 'file_1' }, 'file'],
    ['LangChain, version 0', { type: 'file', source_type: 'id', id: 'file_1' }, 'file'],
    ['LangChain, version 1', { type: 'file', id: 'lc_2', file_id: 'file_1' }, 'file'],
    ['an image of Responses', { type: 'input_image', file_id: 'file_1' }, 'image'],
    ['an image of Assistants', { type: 'image_file', image_file: { file_id: 'file_1' } }, 'image'],
    [
      'a file that is an image',
      { type: 'file', file: { file_id: 'file_1', format: 'image/png' } },
      'image',
    ],
  ]
  for (const [whose, part, kind] of ids) {
    test(`KT1: an id, ${whose}`, () => {
      const source = { type: 'file', file_id: 'file_1' }
      const isImage = kind === 'image'

      assert.deepEqual(claude(part), { type: isImage ? 'image' : 'document', source })
      assert.deepEqual(gpt(part), {
        type: isImage ? 'input_image' : 'input_file',
        file_id: 'file_1',
        ...(isImage && { detail: 'auto' }),
      })
    })
  }

  const images: [whose: string, part: JsonObject][] = [
    ['Responses', { type: 'input_image', image_url: picture }],
    ['a bare string', { type: 'image_url', image_url: picture }],
    ['LangChain, version 0', { type: 'image', source_type: 'url', url: picture }],
    ['LangChain, version 1', { type: 'image', url: picture, mime_type: 'image/png' }],
    ['AI SDK', { type: 'image', image: picture }],
    ['Anthropic', { type: 'image', source: { type: 'url', url: picture } }],
    ['a file part that says so', { type: 'file', file: { file_data: picture, filename: 'a.png' } }],
  ]
  for (const [whose, part] of images) {
    test(`KT1: an image by address, ${whose}`, () => {
      assert.deepEqual(claude(part), { type: 'image', source: { type: 'url', url: picture } })
      assert.deepEqual(gpt(part), { type: 'input_image', image_url: picture, detail: 'auto' })
    })
  }

  test('KT1: the detail of an image stays where it stood', () => {
    const part = { type: 'input_image', image_url: picture, detail: 'low' }

    assert.deepEqual(gpt(part), part)
  })

  const at = 'messages[0].content[0]'
  const wrong: [part: JsonObject, place: string, code: string][] = [
    [{ type: 'file', file: { filename: 'a.pdf' } }, '.file', 'missing_required_parameter'],
    [{ type: 'input_file' }, '', 'missing_required_parameter'],
    [{ type: 'input_file', file_url: 'ftp://x' }, '.file_url', 'invalid_value'],
    [{ type: 'file', file: { file_id: 7 } }, '.file.file_id', 'invalid_type'],
    [{ type: 'image', url: '/etc/passwd' }, '.url', 'invalid_value'],
  ]
  for (const [part, place, code] of wrong) {
    test(`KT1: ${JSON.stringify(part)} is refused with its place`, () => {
      assert.throws(() => claude(part), refusal(`${at}${place}`, code))
      assert.throws(() => gpt(part), refusal(`${at}${place}`, code))
    })
  }
})

suite('T43: the type of an image is told by its first bytes', () => {
  const rows: [what: string, said: string, data: string, type: string][] = [
    ['a JPEG called PNG', 'image/png', jpeg, 'image/jpeg'],
    ['a PNG called JPEG', 'image/jpeg', png, 'image/png'],
    ['a GIF called WebP', 'image/webp', gif, 'image/gif'],
    ['a WebP called PNG', 'image/png', webp, 'image/webp'],
    ['a JPEG called image/jpg', 'image/jpg', jpeg, 'image/jpeg'],
    ['a PNG of no kind', 'application/octet-stream', png, 'image/png'],
    ['a right type', 'image/png', png, 'image/png'],
    ['bytes that are none of the four', 'image/png', 'AAAAAAAA', 'image/png'],
  ]
  for (const [what, said, data, type] of rows) {
    const block = { type: 'image', source: base64(type, data) }
    const part = { type: 'input_image', image_url: `data:${type};base64,${data}`, detail: 'auto' }
    const forms: JsonObject[] = [
      { type: 'image_url', image_url: { url: `data:${said};base64,${data}` } },
      { type: 'input_image', image_url: `data:${said};base64,${data}` },
      { type: 'image', source: base64(said, data) },
      { type: 'image', base64: data, mime_type: said },
      { type: 'image', data, mimeType: said },
      { type: 'file', file: { file_data: `data:${said};base64,${data}` } },
    ]
    test(`T43: ${what}, in every form`, () => {
      for (const form of forms) {
        assert.deepEqual(claude(form), block)
        assert.deepEqual(gpt(form), part)
      }
    })

    test(`T43: ${what}, in the results of tools`, () => {
      const call = { id: 'c', type: 'function', function: { name: 'shot', arguments: '{}' } }
      for (const form of forms) {
        const messages = [
          { role: 'user', content: 'x' },
          { role: 'assistant', tool_calls: [call] },
          { role: 'tool', tool_call_id: 'c', content: [form] },
        ]
        const results = { type: 'tool_result', tool_use_id: 'c', content: [form] }
        const nested = [...messages.slice(0, 2), { role: 'user', content: [results] }]

        for (const history of [messages, nested]) {
          assert.deepEqual(turns(history)[2]?.content[0]?.content, [block])
          assert.deepEqual(input(history).at(-1)?.output, [part])
        }
      }
    })
  }

  test('T43: an image without a word about it', () => {
    const block = { type: 'image', source: base64('image/jpeg', jpeg) }

    assert.deepEqual(claude({ type: 'image_url', image_url: jpeg }), block)
    assert.deepEqual(claude({ type: 'image', image: jpeg }), block)
  })
})
