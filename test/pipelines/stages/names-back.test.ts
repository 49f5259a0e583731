/** An answer's tool calls under the client's own names. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ProxyError } from '../../../pipelines/errors.ts'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import type { Tool } from '../../../pipelines/neutral/request.ts'
import { names64, ToolNames } from '../../../pipelines/neutral/tools.ts'
import { wrappedInput } from '../../../pipelines/neutral/free-text.ts'
import { namesBack, withNamesBack } from '../../../pipelines/stages/names-back.ts'
import { textCutAt } from './slices.ts'

const plain = { schema: undefined, schemaPlace: '', place: '', more: {} }
const tools: Tool[] = [
  { kind: 'function', name: 'read', namespace: 'mcp__files', ...plain },
  { kind: 'function', name: 'docs.search', ...plain },
  { kind: 'function', name: 'local_shell', builtIn: 'local_shell', ...plain },
  { kind: 'custom', name: 'apply_patch', place: '', more: {} },
]
const names = new ToolNames(tools, names64)

function start(index: number, name: string, kind: 'function' | 'custom' = 'function'): Delta {
  return { type: 'tool-start', index, kind, id: `call_${index}`, name }
}

function input(index: number, text: string): Delta {
  return { type: 'tool-input', index, text }
}

function stop(index: number): Delta {
  return { type: 'tool-stop', index }
}

async function streamed(deltas: Delta[]): Promise<Delta[]> {
  const lists = deltas.map((delta) => [delta])
  return (await Readable.from(lists).pipe(namesBack(names)).toArray()).flat() as Delta[]
}

const ended: Delta = { type: 'stop', reason: 'tool-calls' }
const cut: Delta = { type: 'stop', reason: 'length' }
const failure: Delta = { type: 'failure', failure: new ProxyError(502, null, 'x') }
const text: Delta = { type: 'text', text: 'hi' }

const rows: [what: string, given: Delta[], passed: Delta[]][] = [
  [
    '§12.1 a tool in a namespace comes back with both',
    [start(0, 'mcp__files__read'), input(0, '{}'), stop(0), ended],
    [{ ...start(0, 'read'), namespace: 'mcp__files' } as Delta, input(0, '{}'), stop(0), ended],
  ],
  [
    '§12.1 a changed name comes back',
    [start(0, names.sent('docs.search'))],
    [start(0, 'docs.search')],
  ],
  ['§12.1 a name that nobody sent stays', [start(0, 'made_up'), text], [start(0, 'made_up'), text]],
  [
    '§12.4 a tool of its API’s own says which',
    [start(0, 'local_shell'), input(0, '{"command":["ls"]}'), stop(0)],
    [
      { ...start(0, 'local_shell'), builtIn: 'local_shell' } as Delta,
      input(0, '{"command":["ls"]}'),
      stop(0),
    ],
  ],
  [
    '§12.2 free text is unwrapped at the end of its call',
    [start(0, 'apply_patch'), input(0, '{"in'), input(0, 'put":"a\\nb"}'), stop(0), ended],
    [start(0, 'apply_patch', 'custom'), input(0, 'a\nb'), stop(0), ended],
  ],
  [
    '§12.2 what the upstream sends as free text stays as it is',
    [start(0, 'apply_patch', 'custom'), input(0, '{"input":"a"}'), stop(0)],
    [start(0, 'apply_patch', 'custom'), input(0, '{"input":"a"}'), stop(0)],
  ],
  [
    '§12.2 other calls pass while one is collected',
    [
      start(0, 'apply_patch'),
      start(1, 'f'),
      input(1, 'x'),
      input(0, '"p"'),
      stop(1),
      stop(0),
      ended,
    ],
    [
      start(0, 'apply_patch', 'custom'),
      start(1, 'f'),
      input(1, 'x'),
      stop(1),
      input(0, 'p'),
      stop(0),
      ended,
    ],
  ],
  [
    '§12.2 of a call that was cut comes what there is',
    [start(0, 'apply_patch'), input(0, '{"input":"*** Beg'), cut],
    [start(0, 'apply_patch', 'custom'), input(0, '{"input":"*** Beg'), cut],
  ],
  [
    '§12.2 an answer that fails leaves nothing half unwrapped',
    [start(0, 'apply_patch'), input(0, '{"input":"*** Beg'), failure],
    [start(0, 'apply_patch', 'custom'), failure],
  ],
]

for (const [what, given, passed] of rows) {
  test(what, async () => {
    assert.deepEqual(await streamed(given), passed)
    assert.deepEqual(withNamesBack(given, names), passed)
  })
}

test('§12.2 free text comes back whole, however its arguments are cut', async () => {
  const pieces = fc.array(fc.nat(60), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), pieces, async (patch, places) => {
      const written = textCutAt(wrappedInput(patch), places).map((piece) => input(0, piece))
      const passed = await streamed([start(0, 'apply_patch'), ...written, stop(0), ended])
      const told = passed.filter((delta) => delta.type === 'tool-input')

      assert.equal(told.map((delta) => delta.text).join(''), patch)
      assert.ok(told.length <= 1)
    }),
    { numRuns: 200 },
  )
})
