/** How an agent behaves, whichever API it speaks. */
export interface Manner {
  /** the model of each turn */
  modelOf: (turn: number) => string
  stream: boolean
  /** whether it hands reasoning back, or only texts and calls */
  keeps: boolean
  /** whether it asks for nothing but what every server of its API takes: its bytes pass */
  plain?: boolean
  /** whether it lets the model summarise the conversation in the middle of a tool loop, and goes on from the summary */
  compacts?: boolean
}

export const picture =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
export const pictureUrl = `data:image/png;base64,${picture}`

/** What the model writes to a tool that takes free text. */
export const freeText = 'What "time"\nis it?'

/** The turn, counted from 0, in which the conversation is summarised. */
export const summaryTurn = 4
export const summaryWish = 'Summarise what was done so far.'

export function isSummary({ compacts }: Manner, turn: number): boolean {
  return compacts === true && turn === summaryTurn
}

/** What a conversation begins with that goes on from a summary. */
export function summarised(summary: string): string {
  return `What was done so far:\n${summary}`
}

/**
 * What careless clients keep of a conversation besides its summary: a result whose call is gone, and an answer whose call has
 * no result any more (smallmain/vscode-unify-chat-provider #152).
 */
export function tornPair<Item>(
  history: Item[],
  isResult: (item: Item) => boolean,
  isAnswer: (item: Item) => boolean,
): Item[] {
  const pair = [history.filter(isResult).at(-2), history.findLast(isAnswer)]
  return pair.filter((item) => item !== undefined)
}

const pathProperty = { path: { type: 'string' } }

/** Tools whose schemas every server takes. */
export const plainTools = [
  {
    name: 'list_files',
    description: 'Lists a folder.',
    schema: {
      type: 'object',
      properties: { ...pathProperty, depth: { type: ['integer', 'null'] } },
    },
  },
  {
    name: 'read_file',
    description: 'Reads a file.',
    schema: {
      type: 'object',
      properties: { ...pathProperty, lines: { type: 'array', items: { type: 'number' } } },
    },
  },
  { name: 'now', description: 'The time.', schema: { type: 'object', properties: {} } },
  {
    name: 'take_screenshot',
    description: 'Takes a picture.',
    schema: { type: 'object', properties: {} },
  },
]

/** A form that the model's last answer has. */
export const endSchema = {
  type: 'object',
  properties: { done: { type: 'boolean' } },
  required: ['done'],
  additionalProperties: false,
}
