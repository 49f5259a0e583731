/**
 * A client hands back what it was given as a signature, to whatever model it asks next. Our seals among that are opened for the
 * provider that they name, and no upstream ever sees one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { clients, providers, type ClientApi, type ModelType } from '../../pipelines/index.ts'
import { JsonDocument } from '../../pipelines/json/document.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { Model } from '../../pipelines/model.ts'
import type { Reasoning } from '../../pipelines/neutral/reasoning.ts'
import { isSealed, sealReasoning } from '../../pipelines/neutral/seal.ts'

/** What each provider's reasoning looks like when it is sealed. */
const made: Record<ModelType, Pick<Reasoning, 'kind' | 'maker' | 'seal'>> = {
  anthropic: { kind: 'thinking', maker: 'anthropic-claude-v1', seal: { signature: 'inner' } },
  openai: { kind: 'summary', maker: 'openai-responses-v1', seal: { data: 'inner' } },
  google: { kind: 'thinking', maker: 'google-gemini-v1', seal: { data: 'inner', on: 'call' } },
  common: { kind: 'raw', maker: 'common', seal: { field: 'reasoning_content' } },
}
const makers = Object.keys(made) as ModelType[]

const ids: Record<ModelType, string> = {
  anthropic: 'claude-sonnet-4-5',
  openai: 'gpt-5.1',
  google: 'gemini-3-pro',
  common: 'deepseek-chat',
}

function sealBy(maker: ModelType, model = ids[maker], endpoint = 'here'): string {
  return sealReasoning({ ...made[maker], text: 'inner', model }, endpoint, false)
}

/** A piece of a history. `under`: what the client keeps as the signature of a thought. */
type Step =
  | { kind: 'user' | 'said' | 'called' | 'answered' }
  | { kind: 'thought'; under: string; shown: string }

interface Row {
  /** a body with such a history */
  ask: (steps: Step[]) => JsonObject
}

const rows: Record<ClientApi, Row> = {
  chat: {
    ask: (steps) => ({
      messages: steps.flatMap((step): JsonObject[] => {
        switch (step.kind) {
          case 'user':
            return [{ role: 'user', content: 'go on' }]
          case 'said':
            return [{ role: 'assistant', content: 'well' }]
          case 'called':
            return [{ role: 'assistant', tool_calls: [chatCall()] }]
          case 'answered':
            return [{ role: 'tool', tool_call_id: 'c', content: 'done' }]
          case 'thought':
            return thoughtInChat(step.under, step.shown)
          default:
            throw step satisfies never
        }
      }),
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
    }),
  },
  messages: {
    ask: (steps) => ({
      max_tokens: 9000,
      messages: steps.map((step) => {
        switch (step.kind) {
          case 'user':
            return { role: 'user', content: 'go on' }
          case 'said':
            return { role: 'assistant', content: 'well' }
          case 'called':
            return {
              role: 'assistant',
              content: [{ type: 'tool_use', id: 'c', name: 'look', input: {} }],
            }
          case 'answered':
            return {
              role: 'user',
              content: [{ type: 'tool_result', tool_use_id: 'c', content: 'done' }],
            }
          case 'thought': {
            const { under, shown: thinking } = step
            const block =
              thinking === ''
                ? { type: 'redacted_thinking', data: under }
                : { type: 'thinking', thinking, signature: under }
            return { role: 'assistant', content: [block] }
          }
          default:
            throw step satisfies never
        }
      }),
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
    }),
  },
  responses: {
    ask: (steps) => ({
      input: steps.map((step) => {
        switch (step.kind) {
          case 'user':
            return { role: 'user', content: 'go on' }
          case 'said':
            return { role: 'assistant', content: 'well' }
          case 'called':
            return { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' }
          case 'answered':
            return { type: 'function_call_output', call_id: 'c', output: 'done' }
          case 'thought': {
            const summary = step.shown === '' ? [] : [{ type: 'summary_text', text: step.shown }]
            return { type: 'reasoning', summary, encrypted_content: step.under }
          }
          default:
            throw step satisfies never
        }
      }),
      tools: [{ type: 'function', name: 'look', parameters: { type: 'object' } }],
    }),
  },
}

function chatCall(more: JsonObject = {}): JsonObject {
  return { id: 'c', type: 'function', function: { name: 'look', arguments: '{}' }, ...more }
}

/** Chat has no place of ours for a seal; these are all that hold what a provider signed, a message each. */
function thoughtInChat(under: string, shown: string): JsonObject[] {
  const details = makers.flatMap((maker) => {
    const format = made[maker].maker
    return [
      { type: 'reasoning.encrypted', data: under, format },
      { type: 'reasoning.text', text: shown, signature: under, format },
    ]
  })
  const part = { type: 'thinking', thinking: shown, signature: under }
  const signed = chatCall({ extra_content: { google: { thought_signature: under } } })
  const role = 'assistant'
  return [
    { role, content: [part, { type: 'text', text: 'so' }] },
    { role, content: 'so', reasoning_details: details },
    { role, tool_calls: [signed] },
  ]
}

/** What goes up, by the road that the request takes. */
function sentUp(
  api: ClientApi,
  type: ModelType,
  steps: Step[],
  level: Model['reasoning'] = 'auto',
) {
  const model: Model = { id: ids[type], reasoning: level }
  const body = { model: model.id, ...rows[api].ask(steps) }
  const provider = providers[type]
  const context = { model, systemPrompt: '', headers: {}, stream: false }
  if (provider.api !== api) {
    const { request } = clients[api].read(body, {})
    return provider.write(request, { ...context, endpoint: 'here' }).body
  }
  const document = JsonDocument.parse(Buffer.from(JSON.stringify(body)))
  provider.rewrite(document, { ...context, subPath: '' })
  return JSON.parse(Buffer.concat(document.pieces()).toString()) as JsonObject
}

/** All roads on which a client may have a seal of ours. */
const roads = (Object.keys(rows) as ClientApi[]).flatMap((api) =>
  makers.map((type) => ({ api, type })).filter(({ type }) => api !== 'chat' || type !== 'common'),
)

const step = (kind: 'user' | 'said' | 'called' | 'answered'): Step => ({ kind })

const whole = fc
  .record({
    maker: fc.constantFrom(...makers),
    model: fc.constantFrom(...Object.values(ids), 'another'),
    endpoint: fc.constantFrom('here', 'there'),
  })
  .map(({ maker, model, endpoint }) => sealBy(maker, model, endpoint))
const under = fc.oneof(
  whole,
  whole.map((seal) => seal.slice(0, -3)),
  whole.map((seal) => `${seal}x`),
  whole.map((data) => sealReasoning({ ...made.openai, text: '', seal: { data } }, 'here', true)),
  fc.constantFrom('d2a1.', 'd2a1.e30', 'EqQB'),
)
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom('user', 'said', 'called', 'answered').map(step),
  fc.record({
    kind: fc.constant('thought' as const),
    under,
    shown: fc.constantFrom('', 'hm'),
  }),
)

for (const { api, type } of roads) {
  test(`§13.3 whatever a ${api} client hands back, no seal goes up to ${type}`, () => {
    const levels = fc.constantFrom<Model['reasoning']>('auto', 'off', 'high')
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 6 }), levels, (steps, level) => {
        const sent = sentUp(api, type, [step('user'), ...steps, step('user')], level)

        assert.deepEqual(sealsIn(sent), [])
      }),
      { numRuns: 300 },
    )
  })
}

/** Every string that is one, wherever it stands. */
function sealsIn(value: unknown): string[] {
  if (isSealed(value)) return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(sealsIn)
}

for (const { api, type } of roads.filter((road) => road.api !== 'chat')) {
  test(`§13.2 a ${api} client brings ${type} back the reasoning that ${type} made, and no other`, () => {
    const others = ['another model', 'another endpoint'] as const
    for (const maker of [...makers, ...others]) {
      const seal =
        maker === 'another model'
          ? sealBy(type, 'another')
          : maker === 'another endpoint'
            ? sealBy(type, ids[type], 'there')
            : sealBy(maker)
      const thought: Step = { kind: 'thought', under: seal, shown: 'hm' }
      const steps = [step('user'), thought, step('called'), step('answered')]

      const sent = JSON.stringify(sentUp(api, type, steps))

      const isTranslated = providers[type].api !== api
      // a chat server knows no models of others, the other APIs no endpoints
      const isOwn = maker === type || maker === (type === 'common' ? others[0] : others[1])
      assert.equal(sent.includes('inner'), isTranslated && isOwn, maker)
    }
  })
}
