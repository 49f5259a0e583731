import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ask, DemoTool } from '../../lib/demo/ask.ts'
import { chooseCalls } from '../../lib/demo/choose-calls.ts'

function tool(name: string, description = ''): DemoTool {
  return { kind: 'function', name, description, schema: {} }
}

function chosen(tools: DemoTool[], said: string, more: Partial<Ask> = {}): string[] {
  const ask: Ask = {
    turns: [],
    tools,
    choice: 'auto',
    parallel: true,
    reasoning: false,
    inputTokens: 1,
    ...more,
  }
  return chooseCalls(ask, said).map(({ name }) => name)
}

const one = [tool('lookup')]
const two = [tool('get_time', 'Tells the hour.'), tool('get_weather', 'Snow or sun in a city.')]
/** As a coding agent offers them. */
const many = [
  'Agent',
  'Read',
  'Write',
  'Bash',
  'TodoWrite',
  'mcp__github__list_issues',
  'Skill',
].map((name) => tool(name, 'Use this tool when the user says hi or hello.'))

const rows: [
  what: string,
  tools: DemoTool[],
  said: string,
  calls: string[],
  more?: Partial<Ask>,
][] = [
  ['no tools', [], 'call a tool', []],
  ['one tool, always', one, 'hi', ['lookup']],
  ['few tools, nothing in common', two, 'hi there', []],
  ['few tools, a word of a name', two, 'What is the weather?', ['get_weather']],
  ['few tools, a word of a description', two, 'Will there be snow?', ['get_weather']],
  ['few tools, plain words do not count', two, 'get the', []],
  ['few tools, both', two, 'both weather and time', ['get_time', 'get_weather']],
  ['one tool twice', one, 'two of them', ['lookup', 'lookup']],
  ['two asked, one allowed', two, 'both weather and time', ['get_time'], { parallel: false }],
  ['none', one, 'call it', [], { choice: 'none' }],
  ['some tool', two, 'hi', ['get_time'], { choice: 'any' }],
  ['a forced tool', two, 'weather', ['get_time'], { choice: { name: 'get_time' } }],
  ['a forced tool nobody offers', two, 'hi', [], { choice: { name: 'nothing' } }],
  ['an agent, plain talk', many, 'hi', []],
  ['an agent, words of descriptions', many, 'Hello, when does the user say hi?', []],
  ['an agent, a tool named', many, 'Please use TodoWrite for this', ['TodoWrite']],
  ['an agent, a name in words', many, 'the mcp github list issues', ['mcp__github__list_issues']],
  ['an agent asked to run', many, 'run something', ['Bash']],
  ['an agent asked for a tool', many, 'call any tool about issues', ['mcp__github__list_issues']],
  ['an agent asked for two', many, 'run two things', ['Bash', 'Bash']],
  ['an agent, a part of a word', many, 'already spread', []],
]

for (const [what, tools, said, calls, more] of rows) {
  test(`${what}: “${said}”`, () => {
    assert.deepEqual(chosen(tools, said, more), calls)
  })
}

test('a custom tool gets text, a function JSON', () => {
  const custom: DemoTool = { ...tool('write_sql'), kind: 'custom' }
  const ask = { turns: [], tools: [custom], choice: 'auto', parallel: true } as const
  const calls = chooseCalls(
    { ...ask, tools: [custom], turns: [], reasoning: false, inputTokens: 1 },
    'x',
  )

  assert.deepEqual(calls, [{ kind: 'custom', name: 'write_sql', input: 'x' }])
})

test('only a tool that looks at files gets the one that the user names', () => {
  const schema = { type: 'object', properties: { file_path: { type: 'string' } } }
  const path = (name: string, said: string) => {
    const tools = [{ ...tool(name), schema }]
    const ask = { turns: [], tools, choice: 'any', parallel: true } as const
    const calls = chooseCalls({ ...ask, tools, turns: [], reasoning: false, inputTokens: 1 }, said)
    return calls.map(({ input }) => (JSON.parse(input) as { file_path: string }).file_path)
  }

  assert.deepEqual(path('Read', 'Read /tmp/a-b/p.png, please.'), ['/tmp/a-b/p.png'])
  assert.deepEqual(path('view_image', 'Look at p.png'), ['p.png'])
  assert.deepEqual(path('Read', 'Read it.'), ['droid2api-demo.txt'])
  assert.deepEqual(path('Write', 'Write /tmp/p.png'), ['droid2api-demo.txt'])
})
