/** Content parts, row by row. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import { refusal } from '../../../clients/chat/chat-pieces.ts'
import { input } from './ask.ts'

const url = 'https://x.test/a.png'
const data = 'data:image/png;base64,AA=='
const mark = { mode: 'explicit' }

function image(image_url: string, detail = 'auto') {
  return { type: 'input_image', image_url, detail }
}

function file(fields: JsonObject) {
  return { type: 'file', file: fields }
}

suite('§7.3 parts of a user message', () => {
  const rows: [row: string, part: unknown, expected: JsonObject][] = [
    ['text', { type: 'text', text: 'a' }, { type: 'input_text', text: 'a' }],
    ['text, a bare string', 'a', { type: 'input_text', text: 'a' }],
    ['text of Responses', { type: 'input_text', text: 'a' }, { type: 'input_text', text: 'a' }],
    [
      'text keeps prompt_cache_breakpoint',
      { type: 'text', text: 'a', prompt_cache_breakpoint: mark },
      { type: 'input_text', text: 'a', prompt_cache_breakpoint: mark },
    ],
    [
      'text loses cache_control',
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
      { type: 'input_text', text: 'a' },
    ],
    ['image_url, http', { type: 'image_url', image_url: { url } }, image(url)],
    ['image_url, data', { type: 'image_url', image_url: { url: data } }, image(data)],
    [
      'image_url, detail',
      { type: 'image_url', image_url: { url, detail: 'low' } },
      image(url, 'low'),
    ],
    ['image_url, a bare string', { type: 'image_url', image_url: url }, image(url)],
    ['image of Responses', image(url), image(url)],
    ['file_id', file({ file_id: 'f' }), { type: 'input_file', file_id: 'f' }],
    ['file_url', file({ file_url: url }), { type: 'input_file', file_url: url }],
    [
      'file_data',
      file({ filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' }),
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' },
    ],
    [
      'file_data without a name',
      file({ file_data: 'data:application/pdf;base64,AA' }),
      { type: 'input_file', filename: 'file.pdf', file_data: 'data:application/pdf;base64,AA' },
    ],
    [
      'file_data without a prefix, by its ending',
      file({ filename: 'a.TXT', file_data: 'AA' }),
      { type: 'input_file', filename: 'a.TXT', file_data: 'data:text/plain;base64,AA' },
    ],
    [
      'file_data without prefix and name',
      file({ file_data: 'AA' }),
      { type: 'input_file', filename: 'file.pdf', file_data: 'data:application/pdf;base64,AA' },
    ],
    [
      'Anthropic image, base64',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
      image(data),
    ],
    ['Anthropic image, URL', { type: 'image', source: { type: 'url', url } }, image(url)],
    [
      'Anthropic document, base64',
      {
        type: 'document',
        title: 'a.pdf',
        source: { type: 'base64', media_type: 'application/pdf', data: 'AA' },
      },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA' },
    ],
    [
      'Anthropic document, text',
      { type: 'document', source: { type: 'text', data: 'a' } },
      { type: 'input_text', text: 'a' },
    ],
    [
      'Anthropic document, text with a title',
      { type: 'document', title: 'a.txt', source: { type: 'text', data: 'a' } },
      { type: 'input_text', text: 'a.txt\na' },
    ],
    [
      'Anthropic document, base64 of a CSV file',
      { type: 'document', source: { type: 'base64', media_type: 'text/csv', data: 'YSxi' } },
      { type: 'input_file', filename: 'file.csv', file_data: 'data:text/csv;base64,YSxi' },
    ],
    [
      'Anthropic document, base64 of what nobody knows',
      { type: 'document', source: { type: 'base64', media_type: 'x/y', data: 'YSxi' } },
      { type: 'input_file', filename: 'file.pdf', file_data: 'data:x/y;base64,YSxi' },
    ],
    [
      'Anthropic document, URL',
      { type: 'document', source: { type: 'url', url } },
      { type: 'input_file', file_url: url },
    ],
  ]
  for (const [row, part, expected] of rows) {
    test(row, () => {
      assert.deepEqual(input([{ role: 'user', content: [part] }]), [
        { type: 'message', role: 'user', content: [expected] },
      ])
    })
  }
})

suite('§7.3 parts of an assistant message are what it put out', () => {
  const said = { type: 'output_text', text: 'a', annotations: [] }
  const rows: [row: string, message: JsonObject, expected: unknown[]][] = [
    ['a string', { content: 'a' }, [said]],
    ['a text part', { content: [{ type: 'text', text: 'a' }] }, [said]],
    ['a bare string part', { content: ['a'] }, [said]],
    ['a part of Responses', { content: [{ type: 'output_text', text: 'a' }] }, [said]],
    [
      'a refusal part',
      { content: [{ type: 'refusal', refusal: 'no' }] },
      [{ type: 'refusal', refusal: 'no' }],
    ],
    [
      'the refusal field after the text',
      { content: 'a', refusal: 'no' },
      [said, { type: 'refusal', refusal: 'no' }],
    ],
    ["Claude's thinking", { content: [{ type: 'thinking', thinking: 'x' }, 'a'] }, [said]],
  ]
  for (const [row, message, expected] of rows) {
    test(row, () => {
      assert.deepEqual(input([{ role: 'assistant', ...message }]), [
        { type: 'message', role: 'assistant', content: expected },
      ])
    })
  }
})

suite('§7.3 a part that cannot be carried over is refused with its place', () => {
  const rows: [part: unknown, place: string, code: string][] = [
    [{ type: 'input_audio', input_audio: {} }, '', 'unsupported_content'],
    [{ type: 'video' }, '', 'unsupported_content'],
    [1, '', 'invalid_type'],
    [{ type: 'text', text: 1 }, '.text', 'invalid_type'],
    [{ type: 'text' }, '.text', 'missing_required_parameter'],
    [{ type: 'image_url', image_url: { url: 1 } }, '.image_url.url', 'invalid_type'],
    [{ type: 'image_url', image_url: { url, detail: 1 } }, '.image_url.detail', 'invalid_type'],
    [{ type: 'image_url' }, '.image_url', 'missing_required_parameter'],
    [file({}), '.file', 'missing_required_parameter'],
    [{ type: 'file' }, '.file', 'missing_required_parameter'],
    [file({ file_data: 1 }), '.file.file_data', 'invalid_type'],
    [file({ file_data: 'AA', filename: 1 }), '.file.filename', 'invalid_type'],
    [
      { type: 'image', source: { type: 'file', file_id: 'f' } },
      '.source.type',
      'unsupported_content',
    ],
    [{ type: 'document' }, '.source', 'missing_required_parameter'],
    [{ type: 'tool_result', tool_use_id: 1 }, '.tool_use_id', 'invalid_type'],
  ]
  for (const [part, place, code] of rows) {
    test(`${JSON.stringify(part)}: ${code} at ${place || 'the part'}`, () => {
      const at = `messages[0].content[1]${place}`

      assert.throws(() => input([{ role: 'user', content: ['a', part] }]), refusal(at, code))
    })
  }

  test('translation §5.4: an image in an assistant message is left out', () => {
    const content = [
      { type: 'text', text: 'Here.' },
      { type: 'image_url', image_url: url },
    ]

    assert.deepEqual(input([{ role: 'assistant', content }]), [
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Here.', annotations: [] }],
      },
    ])
  })
})
