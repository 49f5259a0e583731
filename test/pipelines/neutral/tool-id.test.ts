import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { safeToolId } from '../../../pipelines/neutral/tool-id.ts'

test('§5.4 an id that the upstream takes stays as it is', () => {
  for (const id of ['toolu_01A', 'call-1', 'a'.repeat(64)]) assert.equal(safeToolId(id), id)
})

test('§5.4 another id keeps its allowed characters, at most 50, and a piece of its hash', () => {
  assert.match(safeToolId('functions.look:0'), /^functionslook0_[0-9a-f]{10}$/)
  assert.match(safeToolId('a'.repeat(65)), /^a{50}_[0-9a-f]{10}$/)
  assert.match(safeToolId(''), /^_[0-9a-f]{10}$/)
})

test('§5.4 every id becomes one that matches the pattern, and different ids stay different', () => {
  const id = fc.string({ unit: 'grapheme', maxLength: 80 })
  fc.assert(
    fc.property(id, id, (one, other) => {
      assert.match(safeToolId(one), /^[A-Za-z0-9_-]{1,64}$/)
      assert.equal(safeToolId(one) === safeToolId(other), one === other)
    }),
    { numRuns: 1000 },
  )
})
