/** Asks a provider for its models, and so whether it takes the key. No request costs anything. */
import { defaultModels } from '../config/defaults.ts'
import { NoAnswer, type Answer } from '../network/one-answer.ts'
import { unreachableReason } from '../network/unreachable-reason.ts'
import { keyCredential } from '../upstream/target.ts'
import { providers } from '../../pipelines/index.ts'
import { objectFrom } from '../../pipelines/json/value.ts'
import { modelsIn, type Listed } from './list.ts'
import { row, type Provider } from './provider.ts'

export interface Question {
  url: URL
  headers: Record<string, string>
  /** s */
  patienceS: number
  maxBytes: number
}

/** Rejects as `answerTo` does. */
export type AskOne = (question: Question) => Promise<Pick<Answer, 'status' | 'text'>>

/** A provider that is to be written down; or why not, as the end of a sentence that begins with its name. */
export type Outcome =
  | { provider: Provider; models: Listed[]; remark?: string }
  | { provider: Provider; refused: string }
  | { provider: Provider; absent: true }

const patience = { named: 5, guess: 0.5 }
const maxBytes = 8_000_000

/** In the other region, too, where the key is refused in the first. */
export async function asked(provider: Provider, ask: AskOne): Promise<Outcome> {
  const outcome = await askedHere(provider, ask)
  if (!('refused' in outcome) || !provider.elsewhere) return outcome
  const other = await asked(provider.elsewhere, ask)
  return 'models' in other ? other : outcome
}

async function askedHere(provider: Provider, ask: AskOne): Promise<Outcome> {
  const { list, isHere, isGuess } = provider
  if (!list) return fromShortList(provider)
  const patienceS = isGuess ? patience.guess : patience.named
  try {
    const answer = await ask({ url: list, headers: headersFor(provider), patienceS, maxBytes })
    const outcome = understood(provider, answer)
    const isUs = isHere && 'models' in outcome && (await isOurs(list, ask))
    return isUs ? { provider, refused: `is this program itself (${list.origin})` } : outcome
  } catch (error) {
    if (isGuess) return { provider, absent: true }
    if (isHere) return { provider, refused: `cannot be asked at ${list.origin}: ${whyNot(error)}` }
    return fromShortList(provider, `could not be asked for its models: ${whyNot(error)}`)
  }
}

function headersFor({ preset, type, key, header: own }: Provider): Record<string, string> {
  const { auth } = row(preset)
  const { keyHeader, neededHeaders } = providers[type]
  const header = own ?? (typeof auth === 'object' ? auth.header : undefined) ?? keyHeader
  const credential = key === undefined ? undefined : keyCredential(key, header ? { header } : {})
  return {
    accept: 'application/json',
    ...neededHeaders,
    ...(credential && { [credential.header]: credential.value }),
  }
}

function understood(
  provider: Provider,
  { status, text }: Pick<Answer, 'status' | 'text'>,
): Outcome {
  if (isRefusal(status, text)) return { provider, refused: refusal(provider, status) }
  const list = status < 300 ? modelsIn(text, provider.known) : undefined
  if (!list) return withoutList(provider, status, text)
  const { models, odd, more } = list
  if (models.length === 0) return emptyList(provider)
  const remarks = [
    ...(more > 0 ? [`${more} more are not written down`] : []),
    ...(odd > 0 ? [`${odd} with names that cannot be written down`] : []),
  ]
  return { provider, models, ...(remarks.length > 0 && { remark: remarks.join(', ') }) }
}

/** Google and xAI call a key that they do not know a bad request. */
function isRefusal(status: number, text: string): boolean {
  return status === 401 || status === 403 || (status === 400 && /api[ _]key/i.test(text))
}

function refusal({ variable, isHere, list }: Provider, status: number): string {
  if (variable !== undefined) return `refuses ${variable} (HTTP ${status})`
  return `wants a key (HTTP ${status})${isHere ? ` at ${list?.origin}` : ''}`
}

/** On this machine anything may listen at such a port; a vendor has models whatever it answers. */
function withoutList(provider: Provider, status: number, text: string): Outcome {
  if (provider.isGuess) return { provider, absent: true }
  const what =
    text.length > maxBytes
      ? 'a list of more than 8 MB'
      : status < 300
        ? 'something that is no list of models'
        : `HTTP ${status}`
  return fromShortList(provider, `answers ${what}`)
}

function emptyList(provider: Provider): Outcome {
  if (provider.known.length > 0) return fromShortList(provider, 'lists no models')
  const remedy = provider.preset === 'ollama' ? ', such as by `ollama pull qwen3`' : ''
  return { provider, refused: `has no models yet: load one${remedy}` }
}

function fromShortList(provider: Provider, remark?: string): Outcome {
  const models = provider.known.map((id) => listedAs(id, provider))
  if (models.length === 0) return { provider, refused: remark ?? 'lists no models' }
  return { provider, models, ...(remark !== undefined && { remark }) }
}

/** Factory's models are those that ship, each with its type. */
function listedAs(id: string, { preset }: Provider): Listed {
  const shipped = preset === 'factory' ? defaultModels.find((model) => model.id === id) : undefined
  return shipped ? { id, name: shipped.name, type: shipped.type } : { id, name: id }
}

/** A proxy that listens there would ask itself. */
async function isOurs({ origin }: URL, ask: AskOne): Promise<boolean> {
  const question = { url: new URL(origin), headers: { accept: 'application/json' }, maxBytes }
  const answer = await ask({ ...question, patienceS: patience.named }).catch(() => undefined)
  return answer !== undefined && objectFrom(answer.text)?.name === 'droid2api'
}

function whyNot(error: unknown): string {
  return error instanceof NoAnswer
    ? error.message
    : unreachableReason(error as NodeJS.ErrnoException).why
}
