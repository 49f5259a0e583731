import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { refusal } from '../../../clients/chat/chat-pieces.ts'
import { turns } from './ask.ts'

const png = 'iVBORw0KGgo='
const base64 = (media_type: string, data: string) => ({ type: 'base64', media_type, data })
const image = (url: unknown) => ({ type: 'image_url', image_url: { url, detail: 'high' } })
const file = (members: object) => ({ type: 'file', file: members })
const pdf = { type: 'document', source: base64('application/pdf', 'JVBERg==') }
const plain = (data: string) => ({
  type: 'document',
  source: { type: 'text', media_type: 'text/plain', data },
})

suite('§5.4 content parts', () => {
  const rows: [part: string, given: unknown, expected: unknown][] = [
    ['text', { type: 'text', text: 'a', annotations: [] }, { type: 'text', text: 'a' }],
    ['a bare string', 'a', { type: 'text', text: 'a' }],
    [
      'image_url, base64',
      image(`data:image/png;base64,${png}`),
      { type: 'image', source: base64('image/png', png) },
    ],
    [
      'image_url, image/jpg',
      image('data:IMAGE/JPG;base64,AA=='),
      { type: 'image', source: base64('image/jpeg', 'AA==') },
    ],
    [
      'image_url, percent-encoded bytes',
      image('data:image/gif,%47%49F%ff%f%zz%'),
      { type: 'image', source: base64('image/gif', 'R0lG/yVmJXp6JQ==') },
    ],
    [
      'image_url, http',
      image('https://x.test/a.png'),
      { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
    ],
    [
      'image_url, a bare string',
      { type: 'image_url', image_url: 'http://x.test/a' },
      { type: 'image', source: { type: 'url', url: 'http://x.test/a' } },
    ],
    [
      'file, pdf',
      file({ file_data: 'data:application/pdf;base64,JVBERg==', filename: 'a.pdf' }),
      { ...pdf, title: 'a.pdf' },
    ],
    ['file, text', file({ file_data: 'data:text/csv;charset=utf-8;base64,w6Q=' }), plain('ä')],
    [
      'file, json, percent-encoded',
      file({ file_data: 'data:application/json,%7B%22a%22:1}' }),
      plain('{"a":1}'),
    ],
    [
      'file, image',
      file({ file_data: `data:image/png;base64,${png}` }),
      { type: 'image', source: base64('image/png', png) },
    ],
    [
      'file, bare base64 named pdf',
      file({ file_data: 'JVBERg==', filename: 'A.PDF' }),
      { ...pdf, title: 'A.PDF' },
    ],
    ['file, bare base64 without a name', file({ file_data: 'JVBERg==' }), pdf],
    [
      'file, bare base64 named txt',
      file({ file_data: 'YQ==', filename: 'a.txt' }),
      { ...plain('a'), title: 'a.txt' },
    ],
    [
      'file_id',
      file({ file_id: 'file_1' }),
      { type: 'document', source: { type: 'file', file_id: 'file_1' } },
    ],
    [
      'an Anthropic image',
      { type: 'image', source: base64('image/png', png) },
      { type: 'image', source: base64('image/png', png) },
    ],
    [
      'an Anthropic document',
      { ...pdf, citations: { enabled: true } },
      { ...pdf, citations: { enabled: true } },
    ],
    [
      'an Anthropic search_result',
      { type: 'search_result', source: 'https://x.test', title: 't', content: [] },
      { type: 'search_result', source: 'https://x.test', title: 't', content: [] },
    ],
    [
      'cache_control',
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
    ],
    [
      'prompt_cache_breakpoint',
      { type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } },
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
    ],
  ]
  for (const [part, given, expected] of rows) {
    test(part, () => {
      assert.deepEqual(turns([{ role: 'user', content: [given] }]), [
        { role: 'user', content: [expected] },
      ])
    })
  }

  test('a refusal part of an assistant keeps its mark', () => {
    const mark = { cache_control: { type: 'ephemeral' } }
    const content = [{ type: 'refusal', refusal: 'no', ...mark }]
    const [, said] = turns([
      { role: 'user', content: 'x' },
      { role: 'assistant', content },
      { role: 'user', content: 'y' },
    ])

    assert.deepEqual(said?.content, [{ type: 'text', text: 'no', ...mark }])
  })

  test('a refusal part of an assistant is text', () => {
    const content = [{ type: 'refusal', refusal: 'No.' }]
    const [, turn] = turns([
      { role: 'user', content: 'a' },
      { role: 'assistant', content },
    ])

    assert.deepEqual(turn?.content, [{ type: 'text', text: 'No.' }])
  })

  const at = 'messages[0].content[0]'
  const wrong: [what: string, part: unknown, param: string, code: string][] = [
    ['audio', { type: 'input_audio', input_audio: {} }, at, 'unsupported_content'],
    ['an unknown type', { type: 'video_url' }, at, 'unsupported_content'],
    [
      'an image of another type',
      image('data:image/bmp;base64,AA'),
      `${at}.image_url.url`,
      'unsupported_content',
    ],
    ['another scheme', image('file:///etc/passwd'), `${at}.image_url.url`, 'invalid_value'],
    ['data: without data', image('data:image/png'), `${at}.image_url.url`, 'invalid_value'],
    ['an image without URL', image(undefined), `${at}.image_url.url`, 'missing_required_parameter'],
    ['an image URL of another type', image(3), `${at}.image_url.url`, 'invalid_type'],
    [
      'a bare image that is a path',
      { type: 'image_url', image_url: 'a.png' },
      `${at}.image_url`,
      'invalid_value',
    ],
    [
      'a file of another type',
      file({ file_data: 'data:application/zip;base64,AA' }),
      `${at}.file.file_data`,
      'unsupported_content',
    ],
    [
      'a bare file of another type',
      file({ file_data: 'AA', filename: 'a.docx' }),
      `${at}.file.file_data`,
      'unsupported_content',
    ],
    ['a file with nothing in it', file({}), `${at}.file`, 'missing_required_parameter'],
    ['text of another type', { type: 'text', text: 3 }, `${at}.text`, 'invalid_type'],
    [
      'a tool_use of a user',
      { type: 'tool_use', id: 'a', name: 'b', input: {} },
      at,
      'unsupported_content',
    ],
  ]
  for (const [what, part, param, code] of wrong) {
    test(`${what} is refused by name`, () => {
      assert.throws(() => turns([{ role: 'user', content: [part] }]), refusal(param, code))
    })
  }
})
