/** Reasoning that travels through a client of another API: what the client holds, and what comes back of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { providers, type ModelType } from '../../../pipelines/index.ts'
import type { JsonObject } from '../../../pipelines/json/value.ts'
import type { Reasoning, ReasoningField, Seal } from '../../../pipelines/neutral/reasoning.ts'
import { isSealed, openSeal, sealReasoning } from '../../../pipelines/neutral/seal.ts'
import { samples } from '../providers/samples.ts'

const claude: Reasoning = {
  kind: 'thinking',
  text: 'first this',
  maker: 'anthropic-claude-v1',
  model: 'claude-x',
  seal: { signature: 'c2ln' },
}
const gpt: Reasoning = {
  kind: 'summary',
  text: 'A plan',
  maker: 'openai-responses-v1',
  model: 'gpt-x',
  seal: { data: 'gAAA' },
}
const gemini: Reasoning = {
  kind: 'thinking',
  text: '',
  maker: 'google-gemini-v1',
  model: 'gemini-x',
  seal: { data: 'sig', on: 'call', id: 'call-1' },
}
const deepseek: Reasoning = {
  kind: 'raw',
  text: 'hm',
  maker: 'common',
  model: 'deepseek-x',
  seal: { field: 'reasoning_content' },
}

function written(sealed: string): unknown {
  return JSON.parse(Buffer.from(sealed.slice('d2a1.'.length), 'base64url').toString())
}

function sealedAs(value: unknown): string {
  return `d2a1.${Buffer.from(JSON.stringify(value)).toString('base64url')}`
}

/** Of a provider that is not there yet. */
const acme: Reasoning = { ...gpt, maker: 'acme', model: 'acme-1' }

const rows: [provider: string, reasoning: Reasoning, data: unknown][] = [
  ['anthropic', claude, { thinking: 'first this', signature: 'c2ln' }],
  ['anthropic', { ...claude, text: '', seal: { data: 'r' } }, { redacted: 'r' }],
  ['openai', gpt, { enc: 'gAAA' }],
  ['google', gemini, { sig: 'sig', on: 'call', id: 'call-1' }],
  ['google', { ...gemini, seal: { data: 'sig' } }, { sig: 'sig', on: 'text' }],
  ['common', deepseek, { f: 'reasoning_content' }],
  ['common', { ...deepseek, seal: { field: 'inline' } }, { f: 'inline' }],
  [
    'common',
    { ...deepseek, seal: { field: 'reasoning_details', entries: [{ type: 'reasoning.text' }] } },
    { f: 'reasoning_details', v: [{ type: 'reasoning.text' }] },
  ],
  ['acme', acme, { enc: 'gAAA' }],
  ['acme', { ...acme, text: 'hm', seal: { signature: 's' } }, { thinking: 'hm', signature: 's' }],
  ['acme', { ...acme, seal: { data: 's', on: 'text' } }, { sig: 's', on: 'text' }],
]

for (const [provider, reasoning, data] of rows) {
  test(`§13.1 a seal of ${provider} says who made the reasoning, and ${JSON.stringify(data)}`, () => {
    const sealed = sealReasoning(reasoning, 'my-endpoint', true)

    assert.match(sealed, /^d2a1\.[\w-]+$/)
    assert.deepEqual(written(sealed), {
      v: 1,
      p: provider,
      m: reasoning.model,
      e: 'my-endpoint',
      d: data,
    })
  })
}

for (const [provider, { body }] of Object.entries(providers)) {
  test(`§13.1 a seal of ${provider} names its row of the table`, () => {
    const answers = fc.sample(samples[provider as ModelType], { seed: 1, numRuns: 100 })
    const sealed = answers
      .flatMap((answer) => Array.from(body(answer.body, { upstreamModel: 'up-1' })))
      .flatMap((delta) => ('reasoning' in delta && delta.reasoning ? [delta.reasoning] : []))
      .map((reasoning) => written(sealReasoning(reasoning, 'e', true)))

    assert.ok(sealed.length > 0)
    for (const one of sealed) assert.equal((one as JsonObject).p, provider)
  })
}

test('§13.1 reasoning of a chat upstream that the client is not shown is in the seal', () => {
  const sealed = sealReasoning(deepseek, 'e', false)

  assert.deepEqual(written(sealed), {
    v: 1,
    p: 'common',
    m: 'deepseek-x',
    e: 'e',
    d: { f: 'reasoning_content', text: 'hm' },
  })
  assert.equal(openSeal(sealed, '')?.text, 'hm')
})

test('§13.1 reasoning without a seal of its own gets one that opens to reasoning without', () => {
  const { seal: _none, ...unsealed } = claude
  const opened = openSeal(sealReasoning(unsealed, 'e', true), 'first this')

  assert.equal(opened?.seal, undefined)
  assert.equal(opened?.text, 'first this')
})

test('§13.2 a signature comes back with the text it signs, whatever the client shows', () => {
  const opened = openSeal(sealReasoning(claude, 'e', true), 'another text')

  assert.deepEqual(opened, { ...claude, endpoint: 'e' })
})

test('§13.2 encrypted reasoning comes back with the text that the client was shown', () => {
  assert.deepEqual(openSeal(sealReasoning(gpt, 'e', true), 'A plan'), { ...gpt, endpoint: 'e' })
})

const strangers: [what: string, value: unknown][] = [
  ['no text', { d2a1: true }],
  ["a provider's own signature", 'EqQBCkgIARABGAIiQL'],
  ['the prefix alone', 'd2a1.'],
  ['no base64url', 'd2a1.e30='],
  ['bits that no encoder sets', 'd2a1.e31'],
  ['no JSON', `d2a1.${Buffer.from('nonsense').toString('base64url')}`],
  ['another version', sealedAs({ v: 2, p: 'openai', m: 'm', e: 'e', d: { enc: 'x' } })],
  ['no provider', sealedAs({ v: 1, p: '', m: 'm', e: 'e', d: {} })],
  ['a name of the registry', sealedAs({ v: 1, p: 'openai-responses-v1', m: 'm', e: 'e', d: {} })],
  ['no model', sealedAs({ v: 1, p: 'openai', e: 'e', d: { enc: 'x' } })],
  ['an unknown member', sealedAs({ v: 1, p: 'openai', m: 'm', e: 'e', x: 1, d: { enc: 'x' } })],
  ['data of another provider', sealedAs({ v: 1, p: 'anthropic', m: 'm', e: 'e', d: { enc: 'x' } })],
  ['an empty signature', sealedAs({ v: 1, p: 'openai', m: 'm', e: 'e', d: { enc: '' } })],
  [
    'half a thinking block',
    sealedAs({ v: 1, p: 'anthropic', m: 'm', e: 'e', d: { thinking: 't' } }),
  ],
  ['a made-up place', sealedAs({ v: 1, p: 'google', m: 'm', e: 'e', d: { sig: 's', on: 'me' } })],
  ['a field of its own', sealedAs({ v: 1, p: 'common', m: 'm', e: 'e', d: { f: 'role' } })],
  [
    'entries of anything',
    sealedAs({ v: 1, p: 'common', m: 'm', e: 'e', d: { f: 'reasoning_details', v: [1] } }),
  ],
  ['a seal inside a seal', sealedAs({ v: 1, p: 'openai', m: 'm', e: 'e', d: { enc: 'd2a1.x' } })],
  [
    'a seal as text',
    sealedAs({ v: 1, p: 'common', m: 'm', e: 'e', d: { f: 'reasoning', text: 'd2a1.x' } }),
  ],
  [
    'a seal in an entry',
    sealedAs({
      v: 1,
      p: 'common',
      m: 'm',
      e: 'e',
      d: { f: 'reasoning_details', v: [{ data: 'd2a1.x' }] },
    }),
  ],
]

for (const [what, value] of strangers) {
  test(`§13.2 ${what} does not open`, () => {
    assert.equal(openSeal(value, ''), undefined)
  })
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((one) => !isSealed(one))
const filled = text.filter((one) => one !== '')
const origin = { model: filled, endpoint: text }
const fields: ReasoningField[] = ['reasoning_content', 'reasoning', 'reasoning_text']

function reasoningOf(
  kind: Reasoning['kind'],
  maker: fc.Arbitrary<string>,
  seal: fc.Arbitrary<Seal>,
) {
  return fc.record(
    { kind: fc.constant(kind), text, maker, ...origin, seal },
    { noNullPrototype: true },
  )
}

/** The maker of such reasoning, or a provider that is not there yet. */
const madeBy = (maker: string) => fc.constantFrom(maker, 'acme')

const anyReasoning = fc.oneof(
  reasoningOf(
    'thinking',
    madeBy('anthropic-claude-v1'),
    fc.record({ signature: filled }, { noNullPrototype: true }),
  ),
  reasoningOf(
    'summary',
    madeBy('openai-responses-v1'),
    fc.record({ data: filled }, { noNullPrototype: true }),
  ),
  reasoningOf(
    'thinking',
    madeBy('google-gemini-v1'),
    fc.record(
      { data: filled, on: fc.constantFrom('call' as const, 'text' as const), id: text },
      { requiredKeys: ['data', 'on'], noNullPrototype: true },
    ),
  ),
  reasoningOf(
    'raw',
    madeBy('common'),
    fc.record({ field: fc.constantFrom(...fields) }, { noNullPrototype: true }),
  ),
)

test('§13.2 sealed reasoning comes back as it was, shown or not', () => {
  fc.assert(
    fc.property(anyReasoning, fc.boolean(), (one, isShown) => {
      const sealed = sealReasoning(one, one.endpoint, isShown)

      assert.deepEqual(openSeal(sealed, one.text), one)
    }),
    { numRuns: 1000 },
  )
})

test('§13.2 a seal with one character changed opens to nothing of ours, or not at all', () => {
  const place = fc.tuple(
    fc.nat(),
    fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_', '.', '=', '+', ' ', 'é'),
  )
  fc.assert(
    fc.property(anyReasoning, place, (one, [at, character]) => {
      const sealed = sealReasoning(one, one.endpoint, false)
      const index = at % sealed.length
      const changed = sealed.slice(0, index) + character + sealed.slice(index + 1)
      const opened = openSeal(changed, '')

      if (opened) assert.ok(!isSealed(opened.text) && !JSON.stringify(opened).includes('"d2a1.'))
    }),
    { numRuns: 1000 },
  )
})

test('§13.2 anything else that begins like a seal never opens', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (rest) => {
      assert.equal(openSeal(`d2a1.${rest}`, ''), undefined)
    }),
    { numRuns: 1000 },
  )
})
