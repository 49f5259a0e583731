/** What becomes of an upstream's stream on a bad day: its events, their members and their bytes, changed by random numbers. */
import * as fc from 'fast-check'
import type { ModelType } from '../../../pipelines/index.ts'
import type { JsonObject } from '../../../pipelines/json/value.ts'

/** One event of a stream; `data` is JSON, or text as it stands on the wire. */
export interface WireEvent {
  name?: string
  data: unknown
}

/** One change. `at` and `to` count in events, or in members, and may lie outside. */
interface Change {
  kind: (typeof kinds)[number]
  at: number
  to: number
  odd: number
}

const lossKinds = ['drop', 'double', 'swap', 'move', 'cut'] as const
const memberKinds = ['delete', 'odd', 'rename', 'reindex'] as const
const kinds = [...lossKinds, 'error', 'extra', ...memberKinds, 'odd', 'reindex'] as const

function nested(levels: number): unknown {
  let value: unknown = 'deep'
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { x: value }
  return value
}

const oddValues: readonly unknown[] = [
  null,
  '',
  'odd',
  0,
  -1,
  7.5,
  1e300,
  2 ** 31,
  true,
  false,
  {},
  [],
  [null],
  [{}],
  ['a', 'b'],
  { text: 'a' },
  { type: 'text', text: 'b' },
  'x'.repeat(70_000),
  nested(40),
  '{"a":',
  '\ud800',
  '__proto__',
]

const extras: readonly unknown[] = [
  {},
  [],
  null,
  'text',
  7,
  { type: 'ping' },
  { choices: [] },
  { choices: [{}] },
  { choices: [null] },
  { usage: { prompt_tokens: 1, completion_tokens: 2 } },
  { usageMetadata: { promptTokenCount: 1 } },
  { candidates: [] },
  { candidates: [{}] },
  { type: 'message_delta' },
  { type: 'content_block_stop', index: 9 },
  { type: 'content_block_start', index: 9 },
  { type: 'response.output_item.added', output_index: 9 },
  { type: 'response.output_item.done', output_index: 9, item: {} },
  { type: 'unheard.of', value: 1 },
]
const wholeTexts = ['', ' ', 'no JSON', '{"cut":', '[DONE]']
const errors: readonly unknown[] = [
  { type: 'error', error: { type: 'overloaded_error', message: 'Busy' } },
  { error: { message: 'Busy', code: 503 } },
  { error: 'Busy' },
  { type: 'response.failed', response: { status: 'failed', error: { message: 'Busy' } } },
]

const fields = { at: fc.nat(60), to: fc.nat(60), odd: fc.nat(1000) }
export const changes = fc.array(fc.record({ ...fields, kind: fc.constantFrom(...kinds) }), {
  minLength: 1,
  maxLength: 3,
})
/** Those that leave every event as it is. */
export const losses = fc.array(fc.record({ ...fields, kind: fc.constantFrom(...lossKinds) }), {
  minLength: 1,
  maxLength: 3,
})
export const oddMembers = fc.array(
  fc.record({ ...fields, kind: fc.constantFrom(...memberKinds) }),
  {
    minLength: 1,
    maxLength: 3,
  },
)

export function changed(events: readonly WireEvent[], all: readonly Change[]): WireEvent[] {
  const list = events.map((event) => structuredClone(event))
  for (const one of all) apply(list, one)
  return list
}

function apply(list: WireEvent[], { kind, at, to, odd }: Change): void {
  if (list.length === 0) return
  const from = at % list.length
  const event = list[from]!
  switch (kind) {
    case 'drop':
      list.splice(from, 1)
      break
    case 'double':
      list.splice(to % (list.length + 1), 0, structuredClone(event))
      break
    case 'swap':
      list[from] = list[to % list.length]!
      list[to % list.length] = event
      break
    case 'move':
      list.splice(from, 1)
      list.splice(to % (list.length + 1), 0, event)
      break
    case 'cut':
      list.splice(from)
      break
    case 'error':
      list.splice(from, 0, { data: structuredClone(of(errors, odd)) })
      break
    case 'extra':
      list.splice(from, 0, { data: structuredClone(of([...extras, ...wholeTexts.map(raw)], odd)) })
      break
    default:
      changeMember(event, kind, to, odd)
  }
}

/** Text in the place of JSON. */
function raw(text: string): { raw: string } {
  return { raw: text }
}

function of<T>(values: readonly T[], number: number): T {
  return values[number % values.length]!
}

const names = /(?:^|_)id$|^(?:responseId|name)$/
const places = /index$/

function changeMember(event: WireEvent, kind: Change['kind'], to: number, odd: number): void {
  const all = membersOf(event.data)
  const wanted = all.filter(([, key]) =>
    kind === 'rename' ? names.test(key) : kind === 'reindex' ? places.test(key) : true,
  )
  if (wanted.length === 0) return
  const [holder, key] = of(wanted, to)
  if (kind === 'delete') Reflect.deleteProperty(holder, key)
  else if (kind === 'rename') holder[key] = `other_${odd % 3}`
  else if (kind === 'reindex') holder[key] = of([0, 1, 2, 7, 1_000_000, 2 ** 40, -3, 0.5], odd)
  else holder[key] = structuredClone(of(oddValues, odd))
}

/** All members at any depth, with what holds them. */
function membersOf(value: unknown, all: [JsonObject, string][] = []): [JsonObject, string][] {
  if (typeof value !== 'object' || value === null) return all
  const holder = value as JsonObject
  for (const key of Object.keys(holder)) {
    all.push([holder, key])
    membersOf(holder[key], all)
  }
  return all
}

export type Framing = (typeof framings)[number]
const framings = ['plain', 'crlf', 'bom', 'comments', 'tight', 'lines', 'nameless'] as const
export const framing = fc.constantFrom<Framing>(...framings)

export function bytesOfEvents(events: readonly WireEvent[], how: Framing): Buffer {
  const written = events.map((event) => textOf(event, how)).join('')
  const text = how === 'bom' ? `\ufeff${written}` : written
  return Buffer.from(how === 'crlf' ? text.replaceAll('\n', '\r\n') : text)
}

function textOf({ name, data }: WireEvent, how: Framing): string {
  const json = jsonOf(data, how)
  const gap = how === 'tight' ? '' : ' '
  const lines = json.split('\n').map((line) => `data:${gap}${line}\n`)
  const named = name === undefined || how === 'nameless' ? '' : `event:${gap}${name}\n`
  const comment = how === 'comments' ? ': keep-alive\n\n\nid: 7\n' : ''
  return `${comment}${named}${lines.join('')}\n`
}

function jsonOf(data: unknown, how: Framing): string {
  const { raw: text } = (data ?? {}) as { raw?: unknown }
  if (typeof text === 'string') return text
  return JSON.stringify(data, null, how === 'lines' ? 1 : 0)
}

/** Whether an event says that the answer has ended: only then may it look whole. */
export const saysEnd: Record<ModelType, (text: string, name: string | undefined) => boolean> = {
  anthropic: (text, name) =>
    /"stop_reason":\s*(?!null|"")|message_stop|"type":\s*"message"/.test(text + (name ?? '')),
  openai: (text, name) =>
    /response\.(?:completed|incomplete|done)|"object":\s*"response"/.test(text + (name ?? '')),
  common: (text) => /"finish_reason":\s*(?!null|""|false)|^\[DONE\]$/.test(text),
  google: (text) => /"(?:finishReason|blockReason)":/.test(text),
}

/**
 * The text that the pieces of a stream hold, up to its end; white space in front of a chat model's reasoning is none.
 * `refusals`: those of a chat model are text, too.
 */
export function textToldBy(
  type: ModelType,
  events: readonly WireEvent[],
  refusals: boolean,
): string {
  const end = events.findIndex(({ data }) => isLast(data as JsonObject))
  const before = end === -1 ? events : events.slice(0, end)
  return before.reduce((told, { data }) => {
    const behind = type === 'common' && told.trim() === '' && hasReasoning(data as Event)
    return (behind ? '' : told) + pieceIn[type](data as Event, refusals)
  }, '')
}

function hasReasoning({ choices = [] }: Event): boolean {
  return choices.some(({ delta }) =>
    Object.keys(delta).some((name) => name.startsWith('reasoning')),
  )
}

function isLast({ type }: JsonObject): boolean {
  return type === 'message_stop' || type === 'response.completed'
}

/** As the samples have them. */
type Event = Partial<{
  type: string
  delta: unknown
  choices: { delta: { content?: string; refusal?: string } }[]
  candidates: { content: { parts: { text?: string; thought?: true }[] } }[]
}>

const pieceIn: Record<ModelType, (event: Event, refusals: boolean) => string> = {
  anthropic: ({ delta }) => {
    const { text } = (delta ?? {}) as { text?: string }
    return text ?? ''
  },
  openai: ({ type, delta }) => (type === 'response.output_text.delta' ? String(delta) : ''),
  common: ({ choices = [] }, refusals) =>
    choices
      .map(({ delta }) => (delta.content ?? '') + (refusals ? (delta.refusal ?? '') : ''))
      .join(''),
  google: ({ candidates }) => {
    const parts = candidates?.flatMap(({ content }) => content.parts) ?? []
    return parts.map(({ text, thought }) => (thought ? '' : (text ?? ''))).join('')
  },
}
