/**
 * What an OpenAI model takes, by its upstream id. Source: OpenAI, "Reasoning models" and the pages
 * of the models, read 2026-11; what was refused in practice: opencode #4451 (`minimal` on gpt-5.1),
 * #36141 (`max` on gpt-5.6), opencode-ai/opencode #140 (50 000 tokens of gpt-4.1).
 */
import { upstreamId, type Effort, type Model } from '../../model.ts'

/** This API's name in pieces, tools and members that are in its own words. */
export const api = 'openai'

export interface Capability {
  /** `unknown`: an id that says nothing, such as the name of a deployment */
  reasons: boolean | 'unknown'
  /** in the order of their strength */
  efforts: readonly Effort[]
  /** takes effort `none`, and then sampling parameters, too */
  none: boolean
  /** tells commentary from the final answer, and wants both marked when they come back */
  phases: boolean
  /** takes `text.verbosity` */
  verbosity: boolean
  /** more than this is refused; undefined where no client asks for so many, or nobody knows */
  maxOutputTokens?: number
}

/** `o3`, `openai/o4-mini`; not `gpt-4o`. */
const oSeries = /(?:^|[/:])o\d/
const gpt = /gpt-(\d+)(?:\.(\d+))?/

const upToHigh = ['low', 'medium', 'high'] as const
const upToXhigh = [...upToHigh, 'xhigh'] as const
const all: Capability = {
  reasons: true,
  efforts: upToHigh,
  none: false,
  phases: false,
  verbosity: true,
}

/** The first that fits counts. */
const outputLimits: [id: RegExp, tokens: number][] = [
  [/gpt-(?:3\.5|4-turbo|4-0125|4-1106|4o-2024-05-13)/, 4096],
  [/gpt-(?:4o|4\.5|\d[\d.]*-chat)/, 16_384],
  [/gpt-4\.1|(?:^|[/:])o1-preview/, 32_768],
  [/(?:^|[/:])o1-mini/, 65_536],
  [oSeries, 100_000],
]

const withoutVerbosity: Capability = { ...all, verbosity: false }
const unknownModel: Capability = { ...all, reasons: 'unknown' }
const withoutReasoning: Capability = { ...all, reasons: false, efforts: [], verbosity: false }

export function capabilityOf(upstream: string): Capability {
  const id = upstream.toLowerCase()
  const maxOutputTokens = outputLimits.find(([known]) => known.test(id))?.[1]
  const capability = reasoningCapability(id)
  return maxOutputTokens === undefined ? capability : { ...capability, maxOutputTokens }
}

/** The most tokens that an answer may have: the entry's word, else what is known of the model. */
export function mostTokens(model: Model): number | undefined {
  return model.max_output_tokens ?? capabilityOf(upstreamId(model)).maxOutputTokens
}

/** All but the limit. */
function reasoningCapability(id: string): Capability {
  const [, major, minor = '0'] = gpt.exec(id) ?? []
  if (major !== undefined) return gptCapability(id, Number(major), Number(minor))
  if (oSeries.test(id) || id.includes('codex')) return withoutVerbosity
  return unknownModel
}

function gptCapability(id: string, major: number, minor: number): Capability {
  if (major < 5 || id.includes('-chat')) return withoutReasoning
  const since = (other: number) => major > 5 || minor >= other
  const codex = id.includes('codex')
  const pro = id.includes('-pro')
  return {
    reasons: true,
    efforts: effortsOf(id, since),
    none: since(1) && !codex && !pro,
    phases: since(4) || (codex && since(3)),
    verbosity: !codex || since(2),
  }
}

function effortsOf(id: string, since: (minor: number) => boolean): readonly Effort[] {
  if (id.includes('-pro')) return since(2) ? ['medium', 'high', 'xhigh'] : ['high']
  if (since(6)) return [...upToXhigh, 'max']
  if (since(2) || id.includes('codex-max')) return upToXhigh
  return since(1) || id.includes('codex') ? upToHigh : ['minimal', ...upToHigh]
}
