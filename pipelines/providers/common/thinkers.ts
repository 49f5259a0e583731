/** How long models behind chat servers think before they answer, which counts against the limit of the answer. */
import { asLevel, tokensOf, upstreamId, wishFor, type Model, type Wish } from '../../model.ts'

/**
 * Models that think unless they are told not to, by the names that their makers give them. Source: the models' cards and the
 * references of DeepSeek, Moonshot, Zhipu, MiniMax, DashScope, Xiaomi and Mistral, read 2026-11.
 */
const thinkers =
  /(?:^|\/)(?:deepseek-(?:r\d|reasoner|v[4-9])|kimi-(?:k2\.[5-9]|k[3-9]|for-coding)|glm-(?:4\.[5-9]|[5-9])|minimax-m\d|gpt-oss|qwq|qwen3(?:\.\d)?[-:](?!coder|max)(?![\w.-]*instruct)|magistral|mimo-)|-thinking\b/i

/**
 * Tokens that the thinking of a request may need beside its answer; 0 for a model of which nobody knows that it thinks. `thinks`: it
 * is one of OpenAI's that does.
 */
export function roomToThink(model: Model, client: Wish, thinks: boolean): number {
  const level = asLevel(wishFor(model, client))
  const isTold = model.reasoning !== 'auto' && model.reasoning !== 'off'
  const isKnown = thinks || isTold || model.reasoning_in_text === true
  if (!isKnown && !thinkers.test(upstreamId(model))) return 0
  if (level === 'minimal' || level === 'low') return tokensOf[level]
  return level === undefined || level === 'off' || level === 'medium'
    ? tokensOf.medium
    : tokensOf.high
}
