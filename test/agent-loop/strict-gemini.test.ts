/** The strict Gemini itself: a good request passes, and each rule refuses what breaks it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { IssuedAnswer } from './issued.ts'
import { refusedGemini } from './strict-gemini.ts'

const signature = 'c2ln'
const call = { functionCall: { name: 'look', args: {}, id: 'a' }, thoughtSignature: signature }
const issued: IssuedAnswer[] = [
  { model: 'gemini-3-pro', parts: [{ type: 'functionCall', ...call }] },
]
const result = { functionResponse: { name: 'look', response: { output: 'x' }, id: 'a' } }
const user = { role: 'user', parts: [{ text: 'Hello.' }] }
const contents = [user, { role: 'model', parts: [call] }, { role: 'user', parts: [result] }]
const good: JsonObject = {
  contents,
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  tools: [{ functionDeclarations: [{ name: 'look', parametersJsonSchema: { type: 'object' } }] }],
  toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['look'] } },
  generationConfig: { temperature: 1, thinkingConfig: { thinkingLevel: 'LOW' } },
}

function refused(change: JsonObject, model = 'gemini-3-pro', headers = { 'x-goog-api-key': 'k' }) {
  const path = `/models/${model}:generateContent`
  return refusedGemini({ ...good, ...change }, path, headers, issued)
}

test('a good request is taken', () => {
  assert.deepEqual(refused({}), [])
})

const model = (...parts: unknown[]) => ({ role: 'model', parts })
const back = (...parts: unknown[]) => ({ role: 'user', parts })
const { thoughtSignature: _, ...unsigned } = call

const bad: [why: string, change: JsonObject][] = [
  ['field: the unknown member model', { model: 'x' }],
  ['system: empty', { systemInstruction: { parts: [] } }],
  ['turns: none', { contents: [] }],
  ['turns: contents[0] is of model', { contents: [model({ text: 'x' }), user] }],
  ['turns: the last is of the model', { contents: [user, model({ text: 'x' })] }],
  ['parts: none in contents[0]', { contents: [back()] }],
  ['part: 2 kinds', { contents: [back({ text: 'x', inlineData: {} })] }],
  ['part: functionCall in contents[0]', { contents: [back(call)] }],
  ['text: empty', { contents: [back({ text: '' })] }],
  ['data: in contents[0]', { contents: [back({ inlineData: { mimeType: 'a/b', data: '?' } })] }],
  ['call: without arguments', { contents: [user, model({ functionCall: {} }), back(result)] }],
  [
    'result: no object',
    { contents: [user, model(call), back({ functionResponse: { response: [] } })] },
  ],
  ['pairs: 0 results for 1 calls', { contents: [user, model(call), user] }],
  ['pairs: 1 results for 0 calls', { contents: [back(result)] }],
  [
    'pairs: contents[2] does not begin',
    { contents: [user, model(call), back({ text: 'x' }, result)] },
  ],
  [
    'pairs: other results',
    {
      contents: [
        user,
        model(call),
        back({ functionResponse: { ...result.functionResponse, name: 'see' } }),
      ],
    },
  ],
  [
    'signature: never given out',
    { contents: [user, model({ ...call, thoughtSignature: 'AAAA' }), back(result)] },
  ],
  [
    'signature: on another part',
    { contents: [user, model({ text: 'x', thoughtSignature: signature }), user] },
  ],
  ['signature: missing in a call', { contents: [user, model(unsigned), back(result)] }],
  [
    'tools: one name twice',
    { tools: [{ functionDeclarations: [{ name: 'look' }, { name: 'look' }] }] },
  ],
  ['tool: the name 1', { tools: [{ functionDeclarations: [{ name: '1' }, { name: 'look' }] }] }],
  [
    'tool: the parameters of look',
    { tools: [{ functionDeclarations: [{ name: 'look', parametersJsonSchema: {} }] }] },
  ],
  ['choice: without tools', { tools: undefined }],
  ['config: temperature is 3', { generationConfig: { temperature: 3 } }],
  ['config: frequencyPenalty is 0.5', { generationConfig: { frequencyPenalty: 0.5 } }],
  ['config: stop sequences', { generationConfig: { stopSequences: ['', 'a'] } }],
  ['config: a schema without a form', { generationConfig: { responseJsonSchema: {} } }],
  [
    'thinking: the unknown member thinkingBudget',
    { generationConfig: { thinkingConfig: { thinkingBudget: 1 } } },
  ],
]

for (const [why, change] of bad) {
  test(`refused: ${why}`, () => {
    assert.ok(
      refused(change).some((reason) => reason.startsWith(why)),
      refused(change).join('\n'),
    )
  })
}

test('refused: another model’s signature, images in a result of 2.5, a form beside its tools, no key', () => {
  const parts = [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }]
  const seen = { functionResponse: { ...result.functionResponse, parts } }
  const older = refused(
    {
      contents: [user, model(call), back(seen)],
      generationConfig: { responseMimeType: 'application/json' },
    },
    'gemini-2.5-pro',
  )

  assert.deepEqual(older, [
    'result: the unknown member parts',
    'signature: made by gemini-3-pro',
    'config: a form with tools',
  ])
  assert.deepEqual(refused({}, 'gemini-3-pro', { 'x-goog-api-key': '' }), ['key: none'])
  assert.deepEqual(refused({}, 'gpt-5'), ['model: /models/gpt-5:generateContent is not known'])
})
