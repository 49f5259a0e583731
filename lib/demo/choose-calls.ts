/**
 * Which tools the demo calls. The rule:
 *
 * - none when `tool_choice` says so or no tool is offered; the one that is forced; under "some tool" the best match;
 * - with up to five tools: the best match if the user's words share one with a name or description; a single tool always;
 * - with more (a coding agent, which expects plain conversation): only if the user names a tool, or says "tool", "call",
 *   "run" or "weather"; then the best match by name, else one that looks like a shell;
 * - two calls when the user says "parallel", "both", "two" or "twice" and the request allows it: of the two best
 *   matches, or of one tool twice.
 */
import type { Ask, DemoTool } from './ask.ts'
import { sampleValue } from './sample-arguments.ts'
import { clip } from './tokens.ts'

export interface ScriptCall {
  kind: DemoTool['kind']
  name: string
  namespace?: string
  /** JSON for a function, free text for a custom tool */
  input: string
}

interface Ranked {
  tool: DemoTool
  named: boolean
  score: number
}

const fewTools = 5

/** Words that say nothing about a tool. */
const plainWords = new Set(
  'get set the and for you are can was what when this that with from have has your please tell give use used does how all not any out into'.split(
    ' ',
  ),
)

/** The calls for the user's last text, none to two. */
export function chooseCalls(ask: Ask, prompt: string): ScriptCall[] {
  const { choice, tools } = ask
  if (choice === 'none') return []
  const offered =
    typeof choice === 'object' ? tools.filter(({ name }) => name === choice.name) : tools
  const few = tools.length <= fewTools
  const ranked = rank(offered, prompt, few)
  const [first] = ranked
  if (!first || (choice === 'auto' && !wanted(first, tools, prompt))) return []
  const chosen = [first.tool]
  if (ask.parallel && /\b(parallel|both|two|twice)\b/i.test(prompt)) {
    const second = ranked.slice(1).find(({ score }) => few || score > 0) ?? first
    chosen.push(second.tool)
  }
  return chosen.map((tool, index) => callOf(tool, prompt, tool === chosen[0] ? index : 0))
}

function wanted(best: Ranked, tools: DemoTool[], prompt: string): boolean {
  if (tools.length === 1) return true
  if (tools.length <= fewTools) return best.score > 0
  return best.named || /\b(tools?|call|run|weather)\b/i.test(prompt)
}

/** Best first; equals in the order in which they are offered. */
function rank(tools: DemoTool[], prompt: string, few: boolean): Ranked[] {
  const asked = new Set(wordsOf(prompt))
  const shared = (text: string) => new Set(wordsOf(text).filter((word) => asked.has(word))).size
  const phrase = spaced(prompt)
  return tools
    .map((tool) => {
      const named = phrase.includes(spaced(tool.name))
      const shell = !few && /bash|shell|exec/i.test(tool.name) ? 0.5 : 0
      const described = few ? shared(tool.description) : 0
      return { tool, named, score: (named ? 100 : 0) + 2 * shared(tool.name) + described + shell }
    })
    .toSorted((one, other) => other.score - one.score)
}

function wordsOf(text: string): string[] {
  return spaced(text)
    .split(' ')
    .filter((word) => word.length > 2 && !plainWords.has(word))
}

/** Lower case, everything but letters and digits a space, so that `get_weather` is found in "call get weather!". */
function spaced(text: string): string {
  return ` ${text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, ' ')} `
}

function callOf(tool: DemoTool, prompt: string, nth: number): ScriptCall {
  const { kind, name, namespace, schema } = tool
  const called = { kind, name, ...(namespace !== undefined && { namespace }) }
  if (kind === 'custom') return { ...called, input: clip(prompt, 2000) || 'demo' }
  const value = sampleValue(
    { type: 'object', ...schema },
    { prompt, nth, reads: /^(?:read|view)/i.test(name) },
  )
  return { ...called, input: JSON.stringify(value) }
}
