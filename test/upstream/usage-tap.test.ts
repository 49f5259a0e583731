import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageTap } from '../../lib/upstream/tap.ts'

const claude = [
  'data: {"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":2,"output_tokens":1}}}\n\n',
  'data: {"type":"content_block_delta","delta":{"text":"say \\"usage\\":{\\"input_tokens\\":99,"}}\n\n',
  'data: {"type":"message_delta","usage":{"output_tokens":7}}\n\n',
].join('')

const gpt =
  'data: {"type":"response.completed","response":{"usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":4},"output_tokens":6,"total_tokens":26}}}\n\n'

const chat = 'data: {"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n'

function tokensOf(pieces: string[], encoding?: string) {
  const tap = new UsageTap(encoding)
  for (const piece of pieces) tap.read(Buffer.from(piece))
  return JSON.parse(JSON.stringify(tap.tokens())) as Record<string, number>
}

test('cache reads and writes count as input, also where the API counts them beside', () => {
  assert.deepEqual(tokensOf([claude]), {
    inputTokens: 17,
    outputTokens: 7,
    cachedTokens: 5,
    cacheWriteTokens: 2,
  })
  assert.deepEqual(tokensOf([gpt]), { inputTokens: 20, outputTokens: 6, cachedTokens: 4 })
  assert.deepEqual(tokensOf([chat]), { inputTokens: 3, outputTokens: 4 })
})

test('contract §15.6: what is written to the cache for an hour is told apart where bytes pass', () => {
  const creation = { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 10 }
  const counts = { input_tokens: 1, cache_creation_input_tokens: 30, cache_creation: creation }
  const none = { cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 } }

  const tokens = tokensOf([JSON.stringify({ usage: { ...counts, output_tokens: 2 } })])

  assert.deepEqual(tokens, {
    inputTokens: 31,
    outputTokens: 2,
    cacheWriteTokens: 30,
    cacheWrite1hTokens: 10,
  })
  assert.deepEqual(tokensOf([JSON.stringify({ usage: { input_tokens: 1, ...none } })]), {
    inputTokens: 1,
  })
})

test('T27: counts never fall, whatever a later event says, and in whatever form', () => {
  const event = (type: string, usage: object) => `data: ${JSON.stringify({ type, usage })}\n\n`
  const start = event('message_start', {
    input_tokens: 1200,
    cache_read_input_tokens: 800,
    cache_creation_input_tokens: 30,
    output_tokens: 1,
  })
  const zeros = { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 }
  const nulls = { input_tokens: null, output_tokens: null, cache_read_input_tokens: null }
  const expected = {
    inputTokens: 2030,
    outputTokens: 9,
    cachedTokens: 800,
    cacheWriteTokens: 30,
  }

  for (const end of [{ ...zeros, output_tokens: 9 }, { output_tokens: '9' }]) {
    const pieces = [start, event('message_delta', end), event('message_delta', nulls)]
    assert.deepEqual(tokensOf(pieces), expected)
  }
  assert.deepEqual(tokensOf([chat, 'data: {"usage":{"prompt_tokens":0}}\n\n']), {
    inputTokens: 3,
    outputTokens: 4,
  })
})

test('contract §15.2: reasoning and cache writes are read in the words of each API, and reasoning beside the output is part of it', () => {
  const chatUsage = {
    prompt_tokens: 100,
    completion_tokens: 20,
    total_tokens: 150,
    prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 9 },
    completion_tokens_details: { reasoning_tokens: 30 },
  }
  const read = (usage: object) => tokensOf([JSON.stringify({ usage })])

  assert.deepEqual(read(chatUsage), {
    inputTokens: 100,
    outputTokens: 50,
    cachedTokens: 40,
    cacheWriteTokens: 9,
    reasoningTokens: 30,
  })
  assert.deepEqual(read({ ...chatUsage, total_tokens: 120 }).outputTokens, 20)
  assert.deepEqual(
    read({
      input_tokens: 7,
      output_tokens: 5,
      total_tokens: 12,
      output_tokens_details: { reasoning_tokens: 3 },
    }),
    { inputTokens: 7, outputTokens: 5, reasoningTokens: 3 },
  )
  assert.deepEqual(read({ prompt_tokens: 5, completion_tokens: 1, prompt_cache_hit_tokens: 4 }), {
    inputTokens: 5,
    outputTokens: 1,
    cachedTokens: 4,
  })
})

test('contract §15.2: the steps that Anthropic bills for are summed, as on the translated road', () => {
  const of = (type: string, input_tokens: number, output_tokens: number) => ({
    type,
    input_tokens,
    output_tokens,
    cache_creation: { ephemeral_5m_input_tokens: 1 },
  })
  const usage = (...iterations: object[]) => ({
    input_tokens: 23,
    output_tokens: 7,
    cache_read_input_tokens: 4,
    iterations,
  })
  const read = (value: object) => {
    const { inputTokens, outputTokens } = tokensOf([
      `data: ${JSON.stringify({ usage: value })}\n\n`,
    ])
    return [inputTokens, outputTokens]
  }
  const steps = [of('compaction', 180, 35), of('message', 23, 10)]

  assert.deepEqual(read(usage(...steps)), [207, 45])
  assert.deepEqual(read(usage(...steps, of('advisor_message', 900, 90))), [207, 45])
  assert.deepEqual(read(usage(...steps, of('fallback_message', 1, 1))), [27, 7])
  assert.deepEqual(read(usage()), [27, 7])
})

test('wherever the stream is cut in two, and byte by byte, the counts are the same', () => {
  for (const text of [claude, gpt]) {
    const whole = tokensOf([text])
    for (let at = 1; at < text.length; at += 1) {
      assert.deepEqual(tokensOf([text.slice(0, at), text.slice(at)]), whole, `cut at ${at}`)
    }
    assert.deepEqual(tokensOf(Array.from(text)), whole)
  }
})

test('in pieces of any size, large ones included, the counts are the same', () => {
  const filler = `data: {"type":"content_block_delta","delta":{"text":"${'word '.repeat(1000)}"}}\n\n`
  for (const text of [claude + filler + claude, filler + gpt + filler]) {
    const whole = tokensOf([text])
    assert.ok(Object.keys(whole).length >= 3)
    for (let size = 500; size < text.length; size += 331) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
      assert.deepEqual(tokensOf(pieces), whole, `pieces of ${size}`)
    }
  }
})

test('an encoded answer is not read', () => {
  assert.deepEqual(tokensOf([claude], 'gzip'), {})
})
