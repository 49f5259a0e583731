/** What the model of the agent loop says in each of its ten turns, whichever API it speaks. */
export type Piece =
  | { kind: 'thinking'; text: string }
  /** reasoning of which only the encrypted form is handed out */
  | { kind: 'hidden' }
  | { kind: 'text'; text: string }
  | { kind: 'call'; id: string; name: string; input: Record<string, unknown> }

/**
 * Turns 5 and 10 end a tool loop; turn 4 is one without thinking inside a loop that has some. In
 * turn 2 is text that Claude writes but never takes back: blank.
 */
const turns: Piece[][] = [
  [
    think('The picture may show the file. I look at both.\n\nBoth at once is quicker.'),
    say('I will look at the picture and the folder.'),
    call('a1', 'list_files', { path: '/src', depth: null, filter: { hidden: true, kinds: [] } }),
    call('a2', 'take_screenshot', {}),
  ],
  [
    think('First the time.'),
    say('\n\n'),
    call('b1', 'now', {}),
    think('Now the file, whose name has quotes: "ä\\n".'),
    call('b2', 'read_file', { path: 'ä "quoted" \\n 🦊.txt' }),
  ],
  [
    { kind: 'hidden' },
    think('After what I may not show: plain again.'),
    say('One at a time now.'),
    call('c1', 'read_file', { path: 'two', lines: [1, 2.5, -3e-7] }),
  ],
  [say('No thinking was needed here.\n'), call('d1', 'now', {})],
  [think('That is enough.'), say('The first half is done 🦊.')],
  [
    think('Three at once.'),
    call('f1', 'read_file', { path: 'one' }),
    call('f2', 'read_file', { path: 'one' }),
    call('f3', 'list_files', {}),
  ],
  [
    think('I speak twice.'),
    say('Foxes 🦊🦊 first. '),
    think('And between the two I think.'),
    say('Then the rest.'),
    call('g1', 'now', {}),
  ],
  [think(''), call('h1', 'take_screenshot', {})],
  [
    think('Two more.'),
    say('  Nearly there.\n\n'),
    call('i1', 'list_files', { path: '', filter: {} }),
    think('With a thought in between.'),
    { kind: 'hidden' },
    call('i2', 'read_file', { path: 'a'.repeat(3000) }),
  ],
  [think('Done.'), say('{"done":true}')],
]

export const turnCount = turns.length

/** A turn as a model says it that does or does not think. */
export function piecesOf(turn: number, thinks: boolean): Piece[] {
  const pieces = turns[turn] ?? [say('There is nothing left to say.')]
  return thinks ? pieces : pieces.filter(({ kind }) => kind === 'text' || kind === 'call')
}

/** A text in the pieces in which a stream sends it; no character is cut in two. */
export function sliced(text: string): string[] {
  const points = Array.from(text)
  const third = Math.ceil(points.length / 3)
  return [0, 1, 2]
    .map((part) => points.slice(part * third, (part + 1) * third).join(''))
    .filter((piece) => piece !== '')
}

function think(text: string): Piece {
  return { kind: 'thinking', text }
}

function say(text: string): Piece {
  return { kind: 'text', text }
}

function call(id: string, name: string, input: Record<string, unknown>): Piece {
  return { kind: 'call', id, name, input }
}
