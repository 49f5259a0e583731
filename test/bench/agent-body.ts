/**
 * Requests shaped like those of a coding agent: a system prompt in blocks, tools with schemas, and a history of turns that call
 * them, with results of code and JSON. The same seed gives the same bytes.
 */
import { randomNumbers } from '../helpers/random.ts'

const words =
  'the file reads each line and returns what it finds there when nobody else has written to it before café 数据 — “so” ✓ step'.split(
    ' ',
  )
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
    return Array.from({ length: count }, () => words[this.upTo(words.length)]).join(' ')
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

/** A request of the Messages API, as Claude Code sends them, of about so many bytes. */
export function agentMessages(model: string, bytes: number, stream: boolean): Buffer {
  const writer = new Writer(bytes)
  const head = {
    model,
    max_tokens: 32_000,
    stream,
    system: systemBlocks(writer, bytes),
    tools: tools(writer, bytes),
    metadata: { user_id: `user_${writer.id('x')}_account__session_${writer.id('y')}` },
    thinking: { type: 'enabled', budget_tokens: 31_999 },
  }
  const messages: object[] = [
    { role: 'user', content: [{ type: 'text', text: writer.text(Math.min(120, bytes / 20)) }] },
  ]
  let size = Buffer.byteLength(JSON.stringify({ ...head, messages }))
  while (size < bytes) {
    const turns = toolTurns(writer)
    messages.push(...turns)
    size += Buffer.byteLength(JSON.stringify(turns))
  }
  return Buffer.from(JSON.stringify({ ...head, messages }))
}

function systemBlocks(writer: Writer, bytes: number): object[] {
  const mark = { cache_control: { type: 'ephemeral' } }
  const length = Math.min(1500, bytes / 40)
  return [
    { type: 'text', text: 'You are an agent for the command line.', ...mark },
    { type: 'text', text: writer.text(length), ...mark },
    { type: 'text', text: `# Environment\n${writer.text(length / 10)}` },
  ]
}

function tools(writer: Writer, bytes: number): object[] {
  const count = Math.min(20, Math.floor(bytes / 1500))
  return Array.from({ length: count }, (_, at) => ({
    name: `Tool${at}`,
    description: writer.text(60),
    input_schema: {
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

/** The assistant thinks, says a word and calls one or two tools; their results follow. */
function toolTurns(writer: Writer): object[] {
  const ids = Array.from({ length: 1 + writer.upTo(2) }, () => writer.id('toolu'))
  const calls = ids.map((id) => ({
    type: 'tool_use',
    id,
    name: `Tool${writer.upTo(20)}`,
    input: { file_path: `/home/me/project/src/${writer.upTo(1000)}.ts`, limit: writer.upTo(500) },
  }))
  const results = ids.map((tool_use_id) => ({
    type: 'tool_result',
    tool_use_id,
    content: [{ type: 'text', text: resultText(writer) }],
  }))
  return [
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: writer.text(30), signature: writer.id('s').repeat(12) },
        { type: 'text', text: writer.text(15) },
        ...calls,
      ],
    },
    { role: 'user', content: results },
  ]
}

function resultText(writer: Writer): string {
  if (writer.upTo(4) > 0) return writer.code(10 + writer.upTo(60))
  const rows = Array.from({ length: 8 }, () => ({ id: writer.upTo(1e6), name: writer.text(3) }))
  return JSON.stringify({ rows, total: rows.length }, null, 2)
}
