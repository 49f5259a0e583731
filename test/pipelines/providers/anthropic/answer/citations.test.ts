import assert from 'node:assert/strict'
import { test } from 'node:test'
import { urlCitation } from '../../../../../pipelines/clients/chat/answer.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import { block, claude, messageEnd, messageStart, only, textBlock, types } from '../../events.ts'

function annotationsOf(citations: JsonObject[], before = '') {
  const cited = block(
    1,
    { type: 'text', text: '', citations: [] },
    ...citations.map((citation): [string, JsonObject] => ['citations_delta', { citation }]),
    ['text_delta', { text: 'ab😀' }],
  )
  const deltas = claude(
    messageStart(),
    ...textBlock(0, before),
    ...cited,
    ...messageEnd('end_turn'),
  )
  return only('annotations', deltas).flatMap((delta) => delta.citations.map(urlCitation))
}

const rows: [
  row: string,
  citation: JsonObject,
  expected: { url: string; title: string } | undefined,
][] = [
  [
    'web_search_result_location',
    { type: 'web_search_result_location', url: 'https://a', title: 'A' },
    { url: 'https://a', title: 'A' },
  ],
  [
    'web_search_result_location without a title',
    { type: 'web_search_result_location', url: 'https://a', title: null },
    { url: 'https://a', title: '' },
  ],
  [
    'search_result_location with an address',
    { type: 'search_result_location', source: 'http://b', title: 'B' },
    { url: 'http://b', title: 'B' },
  ],
  [
    'search_result_location of the client',
    { type: 'search_result_location', source: 'doc 7' },
    undefined,
  ],
  ['char_location', { type: 'char_location', document_title: 'D' }, undefined],
  ['page_location', { type: 'page_location' }, undefined],
  ['content_block_location', { type: 'content_block_location' }, undefined],
]

for (const [row, citation, expected] of rows) {
  test(`§6.1 ${row} ${expected ? 'is an annotation' : 'is left out'}`, () => {
    const annotations = annotationsOf([citation])

    assert.deepEqual(
      annotations.map(({ url_citation: { url, title } }) => ({ url, title })),
      expected ? [expected] : [],
    )
  })
}

test('§6.1 the indexes are those of the block within the whole content, in code points', () => {
  const [annotation] = annotationsOf(
    [{ type: 'web_search_result_location', url: 'https://a' }],
    '😀é',
  )

  const { start_index: start, end_index: end } = annotation!.url_citation
  assert.deepEqual([start, end], [2, 5])
})

test('§6.1 all annotations of a block come as one, at its end', () => {
  const citation = { type: 'web_search_result_location', url: 'https://a', title: 'A' }
  const cited = block(
    0,
    { type: 'text', text: 'x', citations: [citation] },
    ['citations_delta', { citation }],
    ['text_delta', { text: 'y' }],
  )
  const deltas = claude(messageStart(), ...cited, ...messageEnd('end_turn'))

  assert.deepEqual(types(deltas), ['start', 'text', 'text', 'annotations', 'stop'])
  assert.equal(only('annotations', deltas)[0]?.citations.length, 2)
})
