/** An assistant's turn in the order in which the model produced it, whoever handed it back. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { orderedPieces, wantsPrompt, type Taker } from '../../../pipelines/neutral/writing.ts'
import { keyOfPhases } from '../../../pipelines/neutral/phases.ts'
import type { Reasoning, Remembered } from '../../../pipelines/neutral/reasoning.ts'
import type {
  CallPiece,
  Piece,
  ReasoningPiece,
  TextPiece,
  Turn,
} from '../../../pipelines/neutral/request.ts'

const place = 'messages[1]'
const text = (words: string): TextPiece => ({ type: 'text', text: words, place })
const call = (id: string): CallPiece => ({
  type: 'call',
  kind: 'function',
  id,
  name: 'look',
  input: '{}',
  inputPlace: place,
  place,
})

function sealed(signature: string, more: Partial<Reasoning> = {}): Reasoning {
  return { kind: 'thinking', text: 't', maker: 'acme', seal: { signature }, ...more }
}

function piece(reasoning: Reasoning): ReasoningPiece {
  return { type: 'reasoning', reasoning, place }
}

function turn(pieces: Piece[], more: Partial<Turn> = {}): Turn {
  return { role: 'assistant', pieces, place, ...more }
}

/** Takes what acme made. */
function acme(memory: Record<string, Remembered> = {}): Taker {
  return { takes: ({ maker }) => maker === 'acme', recall: (key) => memory[key] }
}

/** The order in short: texts, ids of calls, signatures, phases. */
function order(given: Turn, taker: Taker): unknown[] {
  return orderedPieces(given, taker).map((one) => {
    if (one.type === 'text') return one.text
    if (one.type === 'call') return one.id
    if (one.type === 'phase') return one.phase
    const seal = one.type === 'reasoning' ? one.reasoning.seal : undefined
    return seal && 'signature' in seal ? seal.signature : one.type
  })
}

suite('reasoning goes back to its place', () => {
  const said = [text('Hello world')]
  const calls = [call('c1'), call('c2')]
  const at = (content: number, tools: number) => ({ at: { content, tools } })

  test('between the calls of a client that keeps their place', () => {
    const reasoning = [
      sealed('s1', at(0, 0)),
      sealed('s2', at(11, 0)),
      sealed('s3', at(11, 1)),
      sealed('s4', at(11, 2)),
    ]
    const pieces = [...said, ...calls]

    assert.deepEqual(order(turn(pieces), acme({ c1: { reasoning } })), [
      's1',
      'Hello world',
      's2',
      'c1',
      's3',
      'c2',
      's4',
    ])
  })

  test('in front of the calls that came behind it, though the client has left text out', () => {
    const reasoning = [sealed('s1', at(0, 0)), sealed('s2', at(2, 0)), sealed('s3', at(2, 1))]
    const memory = acme({ c1: { reasoning } })

    assert.deepEqual(order(turn(calls), memory), ['s1', 's2', 'c1', 's3', 'c2'])
    assert.deepEqual(order(turn([text('\n'), ...calls]), memory), [
      's1',
      '\n',
      's2',
      'c1',
      's3',
      'c2',
    ])
  })

  test('within the text, and between the calls', () => {
    const reasoning = [[piece(sealed('s1', at(5, 0))), piece(sealed('s2', at(11, 1)))]]

    assert.deepEqual(order(turn(said, { calls, reasoning }), acme()), [
      'Hello',
      's1',
      ' world',
      'c1',
      's2',
      'c2',
    ])
  })

  test('offsets count code points, and the mark of a cut text stays with its later half', () => {
    const marked: TextPiece = { ...text('🙂🙂ab'), mark: { breakpoint: true } }
    const [before, , after] = orderedPieces(
      turn([marked], { reasoning: [[piece(sealed('s', at(3, 0)))]] }),
      acme(),
    )

    assert.deepEqual([before, after], [text('🙂🙂a'), { ...marked, text: 'b' }])
  })

  test('in front of everything where nobody knows its place', () => {
    const reasoning = [[piece(sealed('s2', at(5, 0))), piece(sealed('s1'))]]

    assert.deepEqual(order(turn(said, { reasoning }), acme()), ['s1', 'Hello', 's2', ' world'])
  })

  test('to the place of the remembered one with the same seal', () => {
    const memory = { c1: { reasoning: [sealed('s1', at(11, 1))] } }
    const given = turn(said, { calls, reasoning: [[piece(sealed('s1'))]] })

    assert.deepEqual(order(given, acme(memory)), ['Hello world', 'c1', 's1', 'c2'])
  })
})

suite('the first form of which something can be used counts', () => {
  const others = piece(sealed('x', { maker: 'other' }))
  const { seal: _none, ...readable } = sealed('y')
  const memory = { c1: { reasoning: [sealed('remembered')] } }
  const calls = [call('c1')]
  const rows: [what: string, given: Turn, expected: string[]][] = [
    [
      'beside the pieces, before what stands among them',
      turn([piece(sealed('inline'))], { calls, reasoning: [[others], [piece(sealed('second'))]] }),
      ['second', 'c1'],
    ],
    [
      'among the pieces, where nothing beside them can be used',
      turn([text('a'), piece(sealed('inline'))], { calls, reasoning: [[others]] }),
      ['a', 'inline', 'c1'],
    ],
    [
      'the memory, where neither has anything',
      turn([others], { calls, reasoning: [[piece(readable)]] }),
      ['remembered', 'c1'],
    ],
    ['the memory knows a call among the pieces, too', turn([call('c1')]), ['remembered', 'c1']],
  ]
  for (const [what, given, expected] of rows) {
    test(what, () => {
      assert.deepEqual(order(given, acme(memory)), expected)
    })
  }

  test('a seal that came late joins the text of its item', () => {
    const { seal: _late, ...first } = sealed('', { index: 0, kind: 'summary', text: 'hm' })
    const late = sealed('s', { index: 0, kind: 'summary', text: '' })
    const [joined] = orderedPieces(turn([], { calls }), acme({ c1: { reasoning: [first, late] } }))

    assert.deepEqual(joined, piece({ ...late, text: 'hm' }))
  })
})

suite('phases', () => {
  const knowing = (memory: Record<string, Remembered>) => ({ ...acme(memory), phases: true })
  const phases = [{ phase: 'commentary' as const, at: { content: 2, tools: 0 } }]

  test('stand where they begin, as they are remembered under the text', () => {
    const memory = { [keyOfPhases(undefined, 'abcd')]: { phases } }

    assert.deepEqual(order(turn([text('ab'), text('cd')]), knowing(memory)), [
      'ab',
      'commentary',
      'cd',
    ])
    assert.deepEqual(order(turn([text('abcd')]), acme(memory)), ['abcd'])
  })

  test('reasoning that the client hands back goes before the memory', () => {
    const memory = { [keyOfPhases(undefined, 'ab')]: { phases } }
    const given = turn([text('ab')], { phase: 'final_answer' })

    assert.deepEqual(order(given, knowing(memory)), ['final_answer', 'ab'])
  })
})

test('the operator’s prompt goes in front unless it is blank or there already', () => {
  assert.equal(wantsPrompt('You are Droid.\n', 'Be brief.'), true)
  assert.equal(wantsPrompt('You are Droid.\n', ''), true)
  assert.equal(wantsPrompt('You are Droid.\n', 'You are Droid. Be brief.'), false)
  assert.equal(wantsPrompt(' \n', ''), false)
})
