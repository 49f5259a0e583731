/** Names of tools for an API that takes fewer of them than the client's does. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { CustomTool, FunctionTool } from '../../../pipelines/neutral/request.ts'
import { names128, names64, ToolNames } from '../../../pipelines/neutral/tools.ts'
import { unwrappedInput, wrappedInput, wrappedTool } from '../../../pipelines/neutral/free-text.ts'

function tool(name: string, namespace?: string, rest: Partial<FunctionTool> = {}): FunctionTool {
  const space = namespace === undefined ? {} : { namespace }
  return {
    kind: 'function',
    name,
    ...space,
    schema: undefined,
    schemaPlace: '',
    place: '',
    more: {},
    ...rest,
  }
}

function custom(name: string, rest: Partial<CustomTool> = {}): CustomTool {
  return { kind: 'custom', name, place: '', more: {}, ...rest }
}

function digits(flat: string): string {
  return createHash('sha256').update(flat).digest('hex').slice(0, 8)
}

test('§12.1 a name that the API takes goes up as it is', () => {
  const names = new ToolNames([tool('Bash'), tool('mcp__files__read-1')], names64)

  assert.equal(names.sent('Bash'), 'Bash')
  assert.deepEqual(names.own('mcp__files__read-1'), {
    kind: 'function',
    name: 'mcp__files__read-1',
  })
  assert.ok(names.changeNothing)
})

for (const [written, name, namespace] of [
  ['functions.exec', 'exec', 'functions'],
  ['functions__exec', 'exec', 'functions'],
  ['functions.exec:0', 'exec', 'functions'],
  [' exec', 'exec', 'functions'],
  ['exec<|channel|>commentary', 'exec', 'functions'],
  ['default_api:exec', 'exec', 'functions'],
  ['mcp__files.read', 'read', 'mcp__files'],
  ['mcp__files/read', 'read', 'mcp__files'],
  ['functions.read', 'read', 'mcp__files'],
  ['functions.plain:12', 'plain', undefined],
  ['Plain', 'plain', undefined],
  ['functions.PLAIN', 'plain', undefined],
  ['MCP__files__Read', 'read', 'mcp__files'],
] as const) {
  test(`§12.1 the name that a model writes as ${written} is understood`, () => {
    const tools = [tool('read', 'mcp__files'), tool('exec', 'functions'), tool('plain')]
    const names = new ToolNames(tools, names64)

    const { name: own, namespace: space } = names.own(names.meant(written)) ?? {}
    assert.deepEqual([own, space], [name, namespace])
  })
}

test('§12.1 letters of another case are those of the only tool that has them, and of none in the history', () => {
  const names = new ToolNames([tool('Bash'), tool('READ'), tool('Read')], names64)
  names.sent('grep')

  const meant = ['bash', 'Bash', 'read', 'Read', 'GREP', 'grep', 'write'].map((one) =>
    names.meant(one),
  )

  assert.deepEqual(meant, ['Bash', 'Bash', 'read', 'Read', 'GREP', 'grep', 'write'])
})

test('§12.1 a name that was declared is never taken for another, and one that nobody means stays', () => {
  const names = new ToolNames([tool('exec', 'functions'), tool('functions__exec')], names64)

  assert.equal(names.own('functions__exec')?.name, 'functions__exec')
  assert.equal(names.own('functions.run'), undefined)
  assert.equal(names.own('<|x|>'), undefined)
})

test('§12.1 a namespace stands before the name, but `functions` does not, and comes back', () => {
  const names = new ToolNames([tool('read', 'mcp__files'), tool('exec', 'functions')], names64)

  assert.equal(names.sent('read', 'mcp__files'), 'mcp__files__read')
  assert.deepEqual(names.own('mcp__files__read'), {
    kind: 'function',
    name: 'read',
    namespace: 'mcp__files',
  })
  assert.equal(names.sent('exec', 'functions'), 'exec')
  assert.equal(names.sent('exec'), 'exec')
  assert.deepEqual(names.own('exec'), { kind: 'function', name: 'exec', namespace: 'functions' })
  assert.ok(!names.changeNothing)
})

test('§12.1 a name that does not fit keeps its beginning and gets a piece of its hash', () => {
  const long = `mcp__${'a'.repeat(130)}`
  const short = new ToolNames([tool('docs.search'), tool(long)], names64)
  const longer = new ToolNames([tool(long)], names128)

  assert.equal(short.sent('docs.search'), `docs_search_${digits('docs.search')}`)
  assert.equal(short.sent(long), `${long.slice(0, 55)}_${digits(long)}`)
  assert.equal(longer.sent(long), `${long.slice(0, 119)}_${digits(long)}`)
  assert.equal(short.own(`docs_search_${digits('docs.search')}`)?.name, 'docs.search')
})

test('§12.1 two tools that would have one name get two', () => {
  const names = new ToolNames([tool('a__b'), tool('b', 'a'), tool('a.b'), tool('a_b')], names64)
  const sent: [string, string, ...string[]] = [
    names.sent('a__b'),
    names.sent('b', 'a'),
    names.sent('a.b'),
    names.sent('a_b'),
  ]

  assert.equal(new Set(sent).size, 4)
  assert.equal(sent[0], 'a__b')
  assert.equal(sent[1], `a__b_${digits('a__b')}`)
  assert.deepEqual(names.own(sent[1]), { kind: 'function', name: 'b', namespace: 'a' })
})

test('§12.1 a tool of the history that nobody declared keeps out of the way of those declared', () => {
  const names = new ToolNames([tool('b', 'a')], names64)

  assert.equal(names.sent('a__b'), `a__b_${digits('a__b')}`)
  assert.equal(names.sent('a__b'), `a__b_${digits('a__b')}`)
})

test('§12.1 a name that was never sent stays, unless it is the bare name of one tool', () => {
  const tools = [tool('navigate', 'mcp__browser'), tool('read', 'mcp__a'), tool('read', 'mcp__b')]
  const names = new ToolNames(tools, names64)

  assert.equal(names.own('made_up'), undefined)
  assert.equal(names.own('read'), undefined)
  assert.deepEqual(names.own('navigate'), {
    kind: 'function',
    name: 'navigate',
    namespace: 'mcp__browser',
  })
})

const anyName = fc.string({
  unit: fc.constantFrom('a', 'b', '_', '.', '-', 'é', '名'),
  minLength: 1,
  maxLength: 80,
})
const anySpace = fc.option(anyName, { nil: undefined })
const anyNames = fc.uniqueArray(fc.tuple(anyName, anySpace), {
  maxLength: 12,
  selector: (pair) => JSON.stringify(pair),
})

test('§12.1 two tools of one name are a 400', () => {
  assert.throws(() => new ToolNames([tool('a', 'x'), tool('b'), tool('a', 'x')], names64), {
    code: 'invalid_value',
  })
})

test('§12.1 every tool has a name of its own that the API takes, and comes back under the client’s', () => {
  fc.assert(
    fc.property(anyNames, (pairs) => {
      const names = new ToolNames(
        pairs.map(([name, space]) => tool(name, space)),
        names64,
      )
      const identities = new Map<string, string>()
      for (const [name, space] of pairs) {
        const sent = names.sent(name, space)
        assert.match(sent, /^[\w-]{1,64}$/)
        const { name: own, namespace } = names.own(sent)!
        assert.deepEqual([own, namespace], [name, space])
        identities.set(JSON.stringify([name, space]), sent)
      }
      assert.equal(new Set(identities.values()).size, identities.size)
    }),
    { numRuns: 1000 },
  )
})

test('§12.2 a tool that takes free text goes up as a function with one string', () => {
  const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' }
  const { description, schema } = wrappedTool(
    custom('apply_patch', { description: 'Edits.', grammar }),
  )

  assert.deepEqual(schema, {
    type: 'object',
    properties: { input: { type: 'string' } },
    required: ['input'],
    additionalProperties: false,
  })
  assert.match(
    description!,
    /^Edits\.\n\nThe tool takes one string as it is, in "input"\.\n\n.*lark grammar:\nstart: "x"$/,
  )
  assert.equal(
    wrappedTool(custom('f')).description,
    'The tool takes one string as it is, in "input".',
  )
})

const inputs: [written: string, text: string][] = [
  ['{"input":"*** Begin Patch\\n"}', '*** Begin Patch\n'],
  ['"just text"', 'just text'],
  ['*** Begin Patch', '*** Begin Patch'],
  ['{"input":1}', '{"input":1}'],
  ['{"patch":"x"}', 'x'],
  ['{"input":"x","workdir":"/"}', 'x'],
  ['{"patch":"x","workdir":"/"}', '{"patch":"x","workdir":"/"}'],
  ['{"patch":["x"]}', '{"patch":["x"]}'],
  ['{}', '{}'],
  ['"cut', '"cut'],
  ['', ''],
]

for (const [written, text] of inputs) {
  test(`§12.2 ${written || 'nothing'} is unwrapped to ${JSON.stringify(text)}`, () => {
    assert.equal(unwrappedInput(written), text)
  })
}

test('§12.2 an input that is wrapped is unwrapped to the same text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (input) => {
      assert.equal(unwrappedInput(wrappedInput(input)), input)
    }),
    { numRuns: 1000 },
  )
})
