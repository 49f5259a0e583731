/**
 * What became of a client's body, a sentence for each rule. Found by comparing what came with what would go up: so nothing that
 * changed is left out, and nothing is reported that did not happen.
 */
import { systemPromptOf } from '../config/models.ts'
import type { Model } from '../config/types.ts'
import { countsTokens } from '../limits/limits.ts'
import { topLevelMembers } from '../../pipelines/json/scan.ts'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { upstreamId } from '../../pipelines/model.ts'
import { unseen } from '../../pipelines/neutral/turn.ts'
import { answerChanges } from './answer-changes.ts'
import { listed, type Story } from './story.ts'

export function bodyChanges(story: Story): string[] {
  const written = objectFrom(story.sent.toString('utf8')) ?? {}
  const first = [...modelChanges(story, written), ...roadChanges(story)]
  const prompt = promptChange(story)
  const images = imageChange(story)
  const both = [...prompt, ...images, ...sealChange(story)]
  const answer = answerChanges(story)
  if (isTranslated(story)) return [...first, ...both, ...translated(story, written), ...answer]
  return [...first, ...both, ...passed(story, both), ...answer]
}

/** Else bytes go up, though the answer may be read. */
function isTranslated({ prepared: { road, body } }: Story): boolean {
  return road === 'translated' && body.pass !== 'all'
}

/** From the name that the client gave to the one that goes up. */
function modelChanges(story: Story, written: JsonObject): string[] {
  const { asked, first, prepared } = story
  const { model } = prepared.target
  const { model: name } = asked
  const up = upstreamId(model)
  const inAddress = written.model === undefined && model.type === 'google'
  return [
    ...(typeof name === 'string' && name !== first.id ? [aliasChange(story, name)] : []),
    ...(model === first
      ? []
      : [`\`model\`: ${shown(model.id)} stands in for ${shown(first.id)} (\`fallback\`).`]),
    ...(up === model.id
      ? []
      : [`\`model\`: ${shown(model.id)} goes up as ${shown(up)} (\`upstream_id\`).`]),
    ...(inAddress ? ['`model` stands in the address, where models of type google have it.'] : []),
  ]
}

function aliasChange({ call, first }: Story, name: string): string {
  const isWindow =
    name.replace(/\[1m\]$/i, '') === first.id && !Object.hasOwn(call.config.model_redirects, name)
  const rule = isWindow ? '`[1m]` behind a name is looked past' : '`model_redirects`'
  return `\`model\`: ${shown(name)} leads to ${shown(first.id)} (${rule}).`
}

function roadChanges(story: Story): string[] {
  const { call, prepared } = story
  if (!isTranslated(story)) return []
  const { type, id } = prepared.target.model
  return [
    `The body is translated: the request speaks the API of ${call.client.route}, ${shown(id)} that of type ${type}.`,
  ]
}

interface Places {
  prompt: string
  turns: string
}

/** Where each API has its instructions, and the conversation. */
const places: Partial<Record<string, Places>> = {
  anthropic: { prompt: 'system', turns: 'messages' },
  openai: { prompt: 'instructions', turns: 'input' },
  common: { prompt: 'messages', turns: 'messages' },
  google: { prompt: 'systemInstruction', turns: 'contents' },
}

/** A provider that is added needs no entry here: it is explained in plain words. */
function placesOf(type: string): Places {
  return places[type] ?? { prompt: 'instructions', turns: 'conversation' }
}

function promptChange({ call, came, sent, prepared }: Story): string[] {
  const { endpoint, model } = prepared.target
  const prompt = systemPromptOf(call.config, endpoint).trimEnd()
  if (prompt === '' || !holds(sent, prompt) || holds(came, prompt)) return []
  const whose = endpoint.system_prompt === undefined ? '' : ` of the endpoint ${endpoint.name}`
  return [
    `\`${placesOf(model.type).prompt}\` begins with the operator's \`system_prompt\`${whose}.`,
  ]
}

/** Whatever escapes a text was written with. */
function holds(body: Buffer, text: string): boolean {
  const plain = JSON.stringify(objectFrom(body.toString('utf8')) ?? {})
  return plain.includes(JSON.stringify(text).slice(1, -1))
}

function imageChange({ came, sent, prepared }: Story): string[] {
  const { model } = prepared.target
  const notes = Object.values(unseen)
  const count = notes.reduce((sum, note) => sum + countOf(sent, note) - countOf(came, note), 0)
  if (model.images !== false || count <= 0) return []
  const what = count === 1 ? 'an image or a PDF file became' : `${count} images or PDF files became`
  return [
    `\`${placesOf(model.type).turns}\`: ${what} a note (\`images\` of the model ${shown(model.id)} is false).`,
  ]
}

/** Reasoning that only one provider can read, in whichever form. */
const seals =
  /"(?:signature|encrypted_content|thought_?[sS]ignature)"\s*:\s*"[^"]|"type"\s*:\s*"redacted_thinking"/g

/** A model that cannot use it goes without; one that can gets it back also from a client that keeps none of it. */
function sealChange({ came, sent, prepared }: Story): string[] {
  const [before, after] = [sealsIn(came), sealsIn(sent)]
  const turns = `\`${placesOf(prepared.target.model.type).turns}\``
  if (after < before) return [`${turns}: sealed reasoning that this model cannot use stays behind.`]
  if (after > before) {
    return [
      `${turns}: reasoning of earlier answers goes back, as the client kept it or from \`reasoning_memory\`.`,
    ]
  }
  return []
}

function sealsIn(body: Buffer): number {
  return body.toString('latin1').match(seals)?.length ?? 0
}

function countOf(body: Buffer, text: string): number {
  return body.toString('utf8').split(text).length - 1
}

/** Members of bodies that are about how hard a model thinks, and what it takes beside that. */
const ofThinking = new Set([
  'thinking',
  'output_config',
  'context_management',
  'reasoning',
  'reasoning_effort',
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
])

/** What is spliced into the bytes of a client that speaks the model's own API. `before`: the sentences so far. */
function passed(story: Story, before: readonly string[]): string[] {
  const changed = changedMembers(story)
  const isNamed = (name: string) => before.some((sentence) => sentence.includes(`\`${name}\``))
  const rest = changed.filter(({ name }) => name !== 'model' && !isNamed(name))
  const thinking = rest.filter(({ name }) => ofThinking.has(name))
  const why = whyThinking(story)
  const others = rest.filter(({ name }) => !ofThinking.has(name))
  const doubles = doubleMembers(story.came)
  return [
    ...verbs.flatMap((verb) => {
      const names = thinking.filter((one) => one.verb === verb).map(({ name }) => name)
      return names.length > 0 ? [`${listed(names)}: ${verb}, since ${why}.`] : []
    }),
    ...others.map(({ name, verb }) => `\`${name}\` is ${verb}: ${whyOf(name, story)}.`),
    ...(doubles.length > 0
      ? [`${listed(doubles)}: given more than once, of which the last counts and goes up.`]
      : []),
  ]
}

/** Without a level of the operator's, a request to the model itself changes only with the history of another. */
function whyThinking({ asked, prepared }: Story): string {
  const { model } = prepared.target
  if (model.reasoning !== 'auto') {
    return `\`reasoning\` of the model ${shown(model.id)} is ${shown(model.reasoning)}`
  }
  return asked.model === upstreamId(model)
    ? 'the reasoning so far is that of another model'
    : `the model ${shown(upstreamId(model))} does not take what was written for another`
}

function whyOf(name: string, { call, prepared, sent }: Story): string {
  const { model } = prepared.target
  if (name === 'fallbacks' || (name === 'tools' && sent.includes('"advisor_'))) {
    return 'the upstream calls a model in it otherwise'
  }
  if (name === 'service_tier') return `\`fast\` of the model ${shown(model.id)} is true`
  if (name === 'stream') return '`default_stream` decides where a request leaves it out'
  if (name === 'stream_options') {
    const who =
      call.caller && countsTokens(call.caller)
        ? `a limit of the client ${call.caller.name}`
        : '`usage`'
    return `${who} counts tokens, which only who asks is told`
  }
  if (name === placesOf(model.type).turns)
    return 'what the upstream does not take of earlier turns stays behind'
  return `the model ${shown(model.id)} needs it so`
}

const verbs = ['set', 'changed', 'dropped'] as const

interface Changed {
  name: string
  verb: (typeof verbs)[number]
}

/** By the bytes of each member. */
function changedMembers({ came, sent }: Pick<Story, 'came' | 'sent'>): Changed[] {
  const before = membersOf(came)
  const after = membersOf(sent)
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].flatMap((name): Changed | [] => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old === now) return []
    return { name, verb: old === undefined ? 'set' : now === undefined ? 'dropped' : 'changed' }
  })
}

function membersOf(body: Buffer): Map<string, string> {
  const members = topLevelMembers(body) ?? []
  return new Map(
    members.map(({ name, valueStart, valueEnd }) => [
      name,
      body.subarray(valueStart, valueEnd).toString('latin1'),
    ]),
  )
}

function doubleMembers(body: Buffer): string[] {
  const names = (topLevelMembers(body) ?? []).map(({ name }) => name)
  return [...new Set(names.filter((name, index) => names.indexOf(name) < index))]
}

/** What the translation lost, and what the configuration did beside it. */
function translated({ asked, prepared }: Story, written: JsonObject): string[] {
  if (prepared.road !== 'translated') return []
  const { dropped, target } = prepared
  const { model } = target
  const { names, stopAt } = prepared.asked
  const hasLevel = model.reasoning !== 'auto'
  const isOverruled = (name: string) => hasLevel && /reason|think|effort/.test(name)
  const overruled = listed(dropped.filter(isOverruled))
  const lost = listed(dropped.filter((name) => !isOverruled(name)))
  return [
    ...when(
      hasLevel,
      `\`reasoning\` of the model ${shown(model.id)} is ${shown(model.reasoning)}, whatever the client wants.`,
    ),
    ...when(overruled !== '', `${overruled}: dropped, since \`reasoning\` decides.`),
    ...when(lost !== '', `${lost}: dropped or replaced, since the model's API has no word for it.`),
    ...limitChange(asked, written, model),
    ...when(
      model.fast === true,
      `\`fast\` of the model ${shown(model.id)} asks for the quick service.`,
    ),
    ...when(
      !names.changeNothing,
      'Names of tools are written as the API takes them; the answer has those of the client.',
    ),
    ...when(
      stopAt.length > 0,
      'Stop sequences that the API does not take stay here: the answer is cut in front of them.',
    ),
  ]
}

function when(isSo: boolean, sentence: string): string[] {
  return isSo ? [sentence] : []
}

function limitChange(asked: JsonObject, written: JsonObject, model: Model): string[] {
  const config = isObject(written.generationConfig) ? written.generationConfig : {}
  const after = { ...limitIn(written, ''), ...limitIn(config, 'generationConfig.') }
  const before = limitIn(asked, '')
  if (after.name === undefined || after.value === before.value) return []
  const rule =
    after.value === model.max_output_tokens
      ? `\`max_output_tokens\` of the model ${shown(model.id)}`
      : 'what the model takes, or needs for its thinking'
  const from = before.name === undefined ? '' : ` in place of ${before.value} in \`${before.name}\``
  return [`\`${after.name}\` is ${after.value}${from}: ${rule}.`]
}

const limits = ['max_completion_tokens', 'max_tokens', 'max_output_tokens', 'maxOutputTokens']

function limitIn(body: JsonObject, path: string): { name?: string; value?: number } {
  for (const name of limits) {
    const value = body[name]
    if (typeof value === 'number') return { name: path + name, value }
  }
  return {}
}

function shown(name: string): string {
  return JSON.stringify(name)
}
