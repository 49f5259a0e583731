/**
 * How models write the calls of tools, where their server does not take them out of the text: each by the words that it begins
 * with. A reader returns the calls, or undefined as soon as the text cannot be one: then it is what it looks like, text.
 * Source: the chat templates of Qwen, Hermes, Mistral, Llama, DeepSeek, Kimi, GLM, MiniMax, LFM and gpt-oss; reports that they
 * leak: ollama#16686 and #13519, vllm#22975, lmstudio-bug-tracker#2115, sglang#19925, omlx#2565, hermes-agent#84231, read 2026-11.
 */
import { argumentsText, jsonCalls } from './json-calls.ts'
import type { Steps, TextReader } from './reader.ts'
import type { WrittenCall, WrittenTools } from '../../../neutral/written-tools.ts'

/** Reads what follows the words. */
export type Notation = (reader: TextReader, tools: WrittenTools) => Steps<WrittenCall[] | undefined>

export const notations: ReadonlyMap<string, Notation> = new Map<string, Notation>([
  ['<tool_call>', tagged],
  ['<function=', named],
  ['<|python_tag|>', listed],
  ['<|tool_call|>', listed],
  ['<|tool_call>call:', gemma],
  ['[TOOL_REQUEST]', requested],
  ['[TOOL_CALLS]', mistral],
  ['<｜tool▁calls▁begin｜>', behind('<｜tool▁call▁begin｜>', deepseek)],
  ['<｜tool▁call▁begin｜>', deepseek],
  ['<|tool_calls_section_begin|>', behind('<|tool_call_begin|>', kimi)],
  ['<|tool_call_begin|>', kimi],
  ['<minimax:tool_call>', behind('<invoke name="', invoked)],
  ['<function_calls>', behind('<invoke name="', invoked)],
  ['<invoke name="', invoked],
  ['<|channel|>commentary to=', harmony],
  ['<|start|>assistant<|channel|>commentary to=', harmony],
])

/** What may stand behind a call besides white space, and is none of the text. */
export const closings: readonly string[] = [
  '</tool_call>',
  '<|/tool_call|>',
  '</minimax:tool_call>',
  '</function_calls>',
  '<｜tool▁calls▁end｜>',
  '<|tool_calls_section_end|>',
  '<|eom_id|>',
  '<|eot_id|>',
  '<|im_end|>',
  '<｜end▁of▁sentence｜>',
]

/** The tool whose name stands in front of one of the characters; undefined where none of the request's does. */
function* toolIn(reader: TextReader, tools: WrittenTools, ends: string): Steps<string | undefined> {
  return tools.named((yield* reader.name(ends)) ?? '')
}

/** Calls that only a word in front of each begins, in a list that has another in front of it. */
function behind(word: string, notation: Notation): Notation {
  return function* list(reader, tools) {
    yield* reader.space()
    return (yield* reader.passes(word)) ? yield* notation(reader, tools) : undefined
  }
}

/** `<tool_call>` of Hermes and Qwen with JSON in it, of Qwen3-Coder with a function, of GLM with keys and values. */
function* tagged(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  const next = yield* reader.space()
  if (next === '{' || next === '[') {
    const calls = yield* jsonCalls(reader, tools)
    if (!calls) return undefined
    const last = yield* reader.space()
    // some models end their answer with the last bracket, or begin the next call
    if (last === '' || (yield* reader.passes('</tool_call>'))) return calls
    reader.mark()
    const isNext = yield* reader.passes('<tool_call>')
    reader.back()
    return isNext ? calls : undefined
  }
  if (next !== '<') return yield* keyed(reader, tools)
  return (yield* reader.passes('<function=')) ? yield* named(reader, tools) : undefined
}

/** `<function=NAME>`, with parameters or with JSON (Llama) in it. Behind it a `</tool_call>` may stand that nothing began. */
function* named(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  const name = yield* toolIn(reader, tools, '>')
  if (name === undefined) return undefined
  reader.skip(1)
  if ((yield* reader.space()) === '{') {
    const input = argumentsText(yield* reader.json())
    yield* reader.space()
    const isClosed = input !== undefined && (yield* reader.passes('</function>'))
    return isClosed ? [{ name, arguments: input }] : undefined
  }
  const given = yield* parameters(reader, parameterOfQwen)
  return given && [{ name, arguments: tools.argumentsOf(name, given) }]
}

/** How parameters stand one by one. */
interface Parameters {
  begin: string
  /** behind the name */
  nameEnd: string
  end: string
  /** what ends them all */
  close: string
  /** line ends around a value are none of it */
  hasLines: boolean
}

const parameterOfQwen: Parameters = {
  begin: '<parameter=',
  nameEnd: '>',
  end: '</parameter>',
  close: '</function>',
  hasLines: true,
}

const parameterOfInvoke: Parameters = {
  begin: '<parameter name="',
  nameEnd: '"',
  end: '</parameter>',
  close: '</invoke>',
  hasLines: false,
}

type Given = [parameter: string, text: string][]

function* parameters(reader: TextReader, form: Parameters): Steps<Given | undefined> {
  const given: Given = []
  for (;;) {
    yield* reader.space()
    if (yield* reader.passes(form.close)) return given
    if (!(yield* reader.passes(form.begin))) return undefined
    const parameter = yield* reader.name(form.nameEnd)
    if (parameter === undefined || (yield* reader.until('>')) === undefined) return undefined
    const text = yield* value(reader, form)
    if (text === undefined) return undefined
    given.push([parameter, form.hasLines ? text.replace(/^\r?\n/, '').replace(/\r?\n$/, '') : text])
  }
}

/** A file may hold the word for the end: it counts where another parameter, or the end of the call, follows. */
function* value(reader: TextReader, { begin, end, close }: Parameters): Steps<string | undefined> {
  let text = ''
  for (;;) {
    const piece = yield* reader.until(end)
    if (piece === undefined) return undefined
    text += piece
    reader.mark()
    yield* reader.space()
    const isEnd = yield* reader.passesOne([begin, close])
    reader.back()
    if (isEnd) return text
    text += end
  }
}

/** GLM: `NAME`, then `<arg_key>` and `<arg_value>` in turn. */
function* keyed(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  const name = yield* toolIn(reader, tools, '<')
  if (name === undefined) return undefined
  const given: Given = []
  for (;;) {
    yield* reader.space()
    if (yield* reader.passes('</tool_call>')) {
      return [{ name, arguments: tools.argumentsOf(name, given) }]
    }
    if (!(yield* reader.passes('<arg_key>'))) return undefined
    const key = yield* reader.until('</arg_key>')
    yield* reader.space()
    if (key === undefined || !(yield* reader.passes('<arg_value>'))) return undefined
    const text = yield* reader.until('</arg_value>')
    if (text === undefined) return undefined
    given.push([key.trim(), text])
  }
}

/** MiniMax, and Claude's words, which others learn. */
function* invoked(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  const name = yield* toolIn(reader, tools, '"')
  if (name === undefined || (yield* reader.until('>')) === undefined) return undefined
  const given = yield* parameters(reader, parameterOfInvoke)
  return given && [{ name, arguments: tools.argumentsOf(name, given) }]
}

/** Mistral: a list, or the name with `[ARGS]` or nothing in front of the arguments; newer models repeat the word for each. */
function* mistral(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  const next = yield* reader.space()
  if (next === '[' || next === '{') return yield* jsonCalls(reader, tools)
  const name = yield* toolIn(reader, tools, '[{')
  if (name === undefined) return undefined
  if (yield* reader.passes('[CALL_ID]')) yield* reader.name('[')
  yield* reader.passes('[ARGS]')
  return yield* withJson(reader, name)
}

/** DeepSeek: the name behind the kind with the arguments fenced, or in front of them as they are. */
function* deepseek(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  const first = yield* reader.name('<\n')
  if (first === undefined || !(yield* reader.passes('<｜tool▁sep｜>'))) return undefined
  const isFenced = (yield* reader.space()) !== '{'
  const name = tools.named((isFenced ? yield* reader.name('\n') : first) ?? '')
  if (name === undefined) return undefined
  yield* reader.space()
  if (isFenced && !(yield* reader.passes('```json'))) return undefined
  const calls = yield* withJson(reader, name)
  yield* reader.space()
  if (isFenced) yield* reader.passes('```')
  yield* reader.space()
  return (yield* reader.passes('<｜tool▁call▁end｜>')) ? calls : undefined
}

/** Kimi: the name with its number. */
function* kimi(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  yield* reader.space()
  const name = yield* toolIn(reader, tools, '<')
  if (name === undefined || !(yield* reader.passes('<|tool_call_argument_begin|>')))
    return undefined
  const calls = yield* withJson(reader, name)
  yield* reader.space()
  return (yield* reader.passes('<|tool_call_end|>')) ? calls : undefined
}

/** gpt-oss: the name in the head of a message, the arguments as its text. */
function* harmony(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  const name = yield* toolIn(reader, tools, ' <')
  if (name === undefined) return undefined
  const head = yield* reader.until('<|message|>')
  if (head === undefined || head.length > 64) return undefined
  const calls = yield* withJson(reader, name)
  const last = yield* reader.space()
  return (yield* reader.passes('<|call|>')) || last === '' ? calls : undefined
}

function* withJson(reader: TextReader, name: string): Steps<WrittenCall[] | undefined> {
  if ((yield* reader.space()) !== '{') return undefined
  const input = argumentsText(yield* reader.json())
  return input === undefined ? undefined : [{ name, arguments: input }]
}

/** LM Studio's own, for models that have none. */
function* requested(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  yield* reader.space()
  const calls = yield* jsonCalls(reader, tools)
  yield* reader.space()
  return (yield* reader.passes('[END_TOOL_REQUEST]')) ? calls : undefined
}

/** Gemma: members without quotes, and texts between tokens in the place of quotes. */
function* gemma(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  const name = yield* toolIn(reader, tools, '{')
  if (name === undefined) return undefined
  const written = yield* reader.until('<tool_call|>')
  if (written === undefined) return undefined
  const parts = written.split('<|"|>')
  const json = parts.map((part, at) =>
    at % 2 === 1 ? JSON.stringify(part) : part.replaceAll(/([{,]\s*)([\w-]+)(?=\s*:)/g, '$1"$2"'),
  )
  const input = argumentsText(json.join(''))
  return input === undefined ? undefined : [{ name, arguments: input }]
}

/** Llama, Granite, Phi: objects, with a semicolon between them, or a list. */
function* listed(reader: TextReader, tools: WrittenTools): Steps<WrittenCall[] | undefined> {
  const calls: WrittenCall[] = []
  do {
    const next = yield* reader.space()
    const more = '{['.includes(next) ? yield* jsonCalls(reader, tools) : undefined
    if (!more) return undefined
    calls.push(...more)
    yield* reader.space()
  } while (yield* reader.passes(';'))
  return calls
}
