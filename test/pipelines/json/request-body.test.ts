/** Bodies between bytes and text, and the model that their bytes name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { bytesOf, parseExactObject, textBehind } from '../../../pipelines/json/request-body.ts'

/** As long as a body has to be for the transcoder, and longer than it is there for. */
const lengths = [0, 5000, 1_100_000]

for (const length of lengths) {
  test(`a body of ${length} bytes and more is read and written as it is, in any alphabet`, () => {
    const piece = fc.string({ unit: 'binary', minLength: 1 })
    fc.assert(
      fc.property(piece, fc.boolean(), (text, isAscii) => {
        const filling = isAscii ? 'a' : '\ufeff€😀'
        const sent = { text, filling: filling.repeat(length / filling.length) }
        const json = JSON.stringify(sent)
        const body = Buffer.from(json)

        assert.deepEqual(parseExactObject(body), JSON.parse(body.toString()))
        assert.deepEqual(bytesOf(json, body), body)
        assert.deepEqual(bytesOf(json, Buffer.from('ascii')), body)
      }),
      { numRuns: length > 100_000 ? 10 : 200 },
    )
  })
}

const key = Buffer.from('"model"')
const named: [body: string, name: string | undefined][] = [
  ['{"model":"gpt-5.4"}', 'gpt-5.4'],
  ['{ "model" :\r\n\t "gpt-5.4", "a": 1}', 'gpt-5.4'],
  ['{"a":{"model":"deep"},"model":"gpt-5.4"}', 'deep'],
  ['{"model":"数据"}', '数据'],
  ['{"model":""}', ''],
  ['{"model":5,"b":"c"}', undefined],
  ['{"model":["c"]}', undefined],
  ['{"model":null}', undefined],
  ['{"model":"gpt', undefined],
  ['{"model"', undefined],
  ['{"a":"model"}', undefined],
  [`{"model":"${'m'.repeat(400)}"}`, undefined],
  ['{"b":1}', undefined],
]
for (const [body, name] of named) {
  test(`the text behind "model" in ${body.slice(0, 40)} is ${name}`, () => {
    assert.equal(textBehind(Buffer.from(body), key, 300), name)
  })
}
