/** Stop sequences of an upstream that knows none: §7.1 `stop`. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ProxyError } from '../../../pipelines/errors.ts'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import { textCutAt } from './slices.ts'
import { cutAtStops, stopSequences } from '../../../pipelines/stages/stop-sequences.ts'

const start: Delta = { type: 'start', id: 'r' }
const usage: Delta = { type: 'usage', usage: { inputTokens: 1, outputTokens: 2 } }
const tool: Delta = { type: 'tool-start', index: 0, kind: 'function', id: 'c', name: 'f' }
const ended: Delta = { type: 'stop', reason: 'length' }
const block: Delta = { type: 'text-start' }
const search: Delta = { type: 'search', id: 's', query: 'q', sources: [] }
const reasoning: Delta = {
  type: 'reasoning-start',
  kind: 'summary',
  index: 0,
  at: { content: 0, tools: 0 },
}
const failure: Delta = {
  type: 'failure',
  failure: new ProxyError(502, null, 'x'),
}

function cut(sequence = 'END'): Delta {
  return { type: 'stop', reason: 'stop-sequence', sequence }
}

function texts(...pieces: string[]): Delta[] {
  return pieces.map((text) => ({ type: 'text', text }))
}

async function passed(deltas: Delta[], stops: string[]): Promise<Delta[]> {
  const lists = deltas.map((delta) => [delta])
  return (await Readable.from(lists).pipe(stopSequences(stops)).toArray()).flat() as Delta[]
}

const rows: [what: string, stops: string[], given: Delta[], told: Delta[]][] = [
  ['no match', ['END'], [...texts('a', 'b'), usage, ended], [...texts('a', 'b'), usage, ended]],
  [
    'a match in one piece',
    ['END'],
    [...texts('ab END cd'), usage, ended],
    [...texts('ab '), cut()],
  ],
  ['a match over three', ['END'], texts('a E', 'N', 'D b', 'c'), [...texts('a '), cut()]],
  ['a match at the front', ['END'], [start, ...texts('END')], [start, cut()]],
  ['a beginning that ends otherwise', ['END'], texts('a EN', 'T b'), texts('a ', 'EN', 'T b')],
  ['a beginning inside a beginning', ['aab'], texts('aaa', 'b!'), [...texts('a'), cut('aab')]],
  ['the sequence that is complete first', ['xyz', 'y'], texts('axyz'), [...texts('ax'), cut('y')]],
  [
    'of two that end together the longer',
    ['yz', 'xyz'],
    texts('axyz'),
    [...texts('a'), cut('xyz')],
  ],
  [
    'held text goes out at the end',
    ['END'],
    [...texts('a E'), usage, ended],
    [...texts('a ', 'E'), usage, ended],
  ],
  [
    'held text goes out before a failure',
    ['END'],
    [...texts('E'), failure],
    [...texts('E'), failure],
  ],
  [
    'held text goes out before a tool call',
    ['END'],
    [...texts('E'), tool, ...texts('ND END')],
    [...texts('E'), tool, ...texts('ND END')],
  ],
  [
    'a refusal begins anew',
    ['END'],
    [...texts('E'), { type: 'refusal', text: 'no' }, ...texts('ND')],
    [...texts('E'), { type: 'refusal', text: 'no' }, ...texts('ND')],
  ],
  [
    'reasoning is not looked at',
    ['END'],
    [{ type: 'reasoning', text: 'END' }, ...texts('a')],
    [{ type: 'reasoning', text: 'END' }, ...texts('a')],
  ],
  [
    'reasoning is not kept waiting',
    ['END'],
    [...texts('E'), { type: 'reasoning', text: 'x' }, ...texts('ND')],
    [{ type: 'reasoning', text: 'x' }, cut()],
  ],
  [
    'a search in between leaves the sequence one',
    ['END'],
    [block, ...texts('aE'), search, block, ...texts('ND')],
    [block, ...texts('a'), search, cut()],
  ],
  [
    'a block begins with the first text that goes out',
    ['END'],
    [block, ...texts('aE'), reasoning, { type: 'reasoning-stop' }, block, ...texts('x', 'END')],
    [block, ...texts('a'), reasoning, { type: 'reasoning-stop' }, block, ...texts('E', 'x'), cut()],
  ],
  [
    'held text of a block that another came behind has a block of its own',
    ['END'],
    [block, ...texts('E'), reasoning, failure],
    [reasoning, { type: 'reasoning-stop' }, block, ...texts('E'), failure],
  ],
]

for (const [what, stops, given, told] of rows) {
  test(`§7.1 stop: ${what}`, async () => {
    assert.deepEqual(await passed(given, stops), told)
  })
}

test('§7.1 stop: an answer that is whole still counts its tokens', () => {
  const tier: Delta = { type: 'stop', reason: 'tool-calls', serviceTier: 'flex' }
  const given = [...texts('a END b'), tool, usage, tier]

  assert.deepEqual(cutAtStops(given, ['END']), [
    ...texts('a '),
    usage,
    { type: 'stop', reason: 'stop-sequence', sequence: 'END', serviceTier: 'flex' },
  ])
})

test('§7.1 stop: log probabilities go with the text they tell of', async () => {
  const logprobs = [{ token: 'a' }, { token: ' E' }, { token: 'x' }]
  const given: Delta[] = [{ type: 'text', text: 'a Ex', logprobs }, ...texts('END')]

  assert.deepEqual(await passed(given, ['Ex!', 'END']), [
    { type: 'text', text: 'a ', logprobs: logprobs.slice(0, 2) },
    { type: 'text', text: 'Ex', logprobs: logprobs.slice(2) },
    cut(),
  ])
})

test('§7.1 stop: however the text is cut, it ends in front of the first complete sequence', async () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '😀'), maxLength: 30 })
  const stop = fc.string({ unit: fc.constantFrom('a', 'b', '😀'), minLength: 1, maxLength: 5 })
  const stops = fc.array(stop, { minLength: 1, maxLength: 3 })
  const places = fc.array(fc.nat(60), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(letters, stops, places, async (text, sequences, cuts) => {
      const told = await passed([...texts(...textCutAt(text, cuts)), ended], sequences)
      const said = told.map((delta) => (delta.type === 'text' ? delta.text : '')).join('')
      const expected = cutText(text, sequences)
      assert.equal(said, expected)
      const last = told.at(-1)
      if (expected === text) assert.deepEqual(last, ended)
      else assert.ok(last?.type === 'stop' && sequences.includes(last.sequence ?? ''))
    }),
    { numRuns: 1000 },
  )
})

/** The obvious way: look at every beginning of the text whether it ends in a sequence. */
function cutText(text: string, sequences: string[]): string {
  for (let end = 1; end <= text.length; end++) {
    const found = sequences.filter((sequence) => text.slice(0, end).endsWith(sequence))
    if (found.length > 0) return text.slice(0, end - Math.max(...found.map(({ length }) => length)))
  }
  return text
}
