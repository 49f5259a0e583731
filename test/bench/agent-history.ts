/**
 * The conversation of a coding agent with its model, in no API's words: a system prompt of three blocks, tools with schemas, and
 * turns that call them, whose results are code and JSON. The same size gives the same conversation.
 */
import { randomNumbers } from '../helpers/random.ts'

export interface AgentHistory {
  system: string[]
  tools: AgentTool[]
  /** what the user asks at first */
  ask: string
  turns: AgentTurn[]
  user: string
}

export interface AgentTool {
  name: string
  description: string
  schema: object
}

/** The assistant thinks, says a word and calls one or two tools; their results follow. */
export interface AgentTurn {
  thought: string
  /** of the thought, as long as a real one */
  signature: string
  words: string
  calls: { id: string; name: string; input: object; result: string }[]
}

const vocabulary =
  'the file reads each line and returns what it finds there when nobody else has written to it before café 数据 — “so” ✓ step'.split(
    ' ',
  )
/** of a turn, about */
const turnBytes = 4000
const codeLines = [
  'export function parse(line: string): Entry | undefined {',
  '  const [name = "", value] = line.split("\\t")',
  '  if (!/^\\w+$/.test(name)) throw new Error(`bad name: ${name}`)',
  '  return { name, value: value?.trim() ?? null, "at": 12 }',
  '}',
  '',
  '// see C:\\Users\\me\\notes.txt, or "the other file"',
]

class Writer {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = randomNumbers(seed)
  }

  /** a whole number from 0 to below `end` */
  upTo(end: number): number {
    return Math.floor(this.#next() * end)
  }

  text(count: number): string {
    return Array.from({ length: count }, () => vocabulary[this.upTo(vocabulary.length)]).join(' ')
  }

  code(lines: number): string {
    return Array.from({ length: lines }, (_, at) => {
      const line = codeLines[this.upTo(codeLines.length)]!
      return `${String(at + 1).padStart(6)}\t${line}`
    }).join('\n')
  }

  id(prefix: string): string {
    return `${prefix}_01${Array.from({ length: 22 }, () => this.upTo(36).toString(36)).join('')}`
  }
}

/** A conversation that takes about so many bytes as the body of a request; below 3 000 it is a first question. */
export function agentHistory(bytes: number): AgentHistory {
  const writer = new Writer(bytes)
  const length = Math.min(1500, bytes / 40)
  const history: AgentHistory = {
    system: [
      'You are an agent for the command line.',
      writer.text(length),
      `# Environment\n${writer.text(length / 10)}`,
    ],
    tools: tools(writer, bytes),
    ask: writer.text(Math.min(120, bytes / 20)),
    turns: [],
    user: `user_${writer.id('x')}_account__session_${writer.id('y')}`,
  }
  // what the members and brackets of a body take beside these strings: a tenth
  let size = Buffer.byteLength(JSON.stringify(history)) * 1.1
  while (size + turnBytes / 2 < bytes) {
    const turn = toolTurn(writer)
    history.turns.push(turn)
    size += Buffer.byteLength(JSON.stringify(turn)) * 1.1
  }
  return history
}

function tools(writer: Writer, bytes: number): AgentTool[] {
  const count = Math.min(20, Math.floor(bytes / 1500))
  return Array.from({ length: count }, (_, at) => ({
    name: `Tool${at}`,
    description: writer.text(60),
    schema: {
      type: 'object',
      properties: {
        file_path: { type: 'string', description: writer.text(8) },
        limit: { type: 'number', description: writer.text(6), minimum: 0 },
        flags: { type: 'array', items: { type: 'string', enum: ['a', 'b', 'c'] } },
      },
      required: ['file_path'],
      additionalProperties: false,
    },
  }))
}

function toolTurn(writer: Writer): AgentTurn {
  const count = 1 + writer.upTo(2)
  return {
    thought: writer.text(30),
    signature: writer.id('s').repeat(12),
    words: writer.text(15),
    calls: Array.from({ length: count }, () => ({
      id: writer.id('toolu'),
      name: `Tool${writer.upTo(20)}`,
      input: { file_path: `/home/me/project/src/${writer.upTo(1000)}.ts`, limit: writer.upTo(500) },
      result: resultText(writer),
    })),
  }
}

function resultText(writer: Writer): string {
  if (writer.upTo(4) > 0) return writer.code(10 + writer.upTo(60))
  const rows = Array.from({ length: 8 }, () => ({ id: writer.upTo(1e6), name: writer.text(3) }))
  return JSON.stringify({ rows, total: rows.length }, null, 2)
}
