/** Which tools a model knows where the client declares more than it is to know. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withLoadedTools } from '../../../pipelines/neutral/tools.ts'
import type {
  FunctionTool,
  HostedTool,
  NeutralRequest,
  Tool,
  ToolChange,
} from '../../../pipelines/neutral/request.ts'

function tool(name: string, rest: Partial<FunctionTool> = {}): FunctionTool {
  return {
    kind: 'function',
    name,
    schema: undefined,
    schemaPlace: '',
    place: '',
    more: {},
    ...rest,
  }
}

const search: HostedTool = { kind: 'hosted', place: '', written: 'tool_search', findsTools: true }
const deferred = { deferred: true } as const

function request(tools: Tool[], toolChanges: ToolChange[] = []): NeutralRequest {
  return {
    model: 'm',
    turns: [],
    tools,
    toolChanges,
    limits: {},
    sampling: {},
    stop: [],
    reasoning: { names: [], hidden: false },
    own: {},
    lost: [],
    names: {},
  }
}

const rows: [what: string, given: NeutralRequest, known: Tool[]][] = [
  ['a deferred tool is not declared', request([tool('a'), tool('b', deferred)]), [tool('a')]],
  [
    'what loads it declares it',
    request([tool('a'), tool('b', deferred), tool('c', deferred)], [{ type: 'load', name: 'c' }]),
    [tool('a'), tool('c')],
  ],
  [
    'it is told from one of the same name in another namespace',
    request(
      [tool('b', { ...deferred, namespace: 'x' }), tool('b', { ...deferred, namespace: 'y' })],
      [{ type: 'load', name: 'b', namespace: 'y' }],
    ),
    [tool('b', { namespace: 'y' })],
  ],
  [
    'a later removal takes it out, and a tool that was never deferred',
    request(
      [tool('a'), tool('b', deferred)],
      [
        { type: 'load', name: 'b' },
        { type: 'remove', name: 'b' },
        { type: 'remove', name: 'a' },
      ],
    ),
    [],
  ],
  [
    'what is loaded once more after that is back',
    request(
      [tool('b', deferred)],
      [
        { type: 'remove', name: 'b' },
        { type: 'load', name: 'b' },
      ],
    ),
    [tool('b')],
  ],
  [
    'the conversation brings a tool of its own, or another form of one',
    request(
      [tool('b', deferred)],
      [
        { type: 'add', tool: tool('new') },
        { type: 'add', tool: tool('b', { description: 'found' }) },
      ],
    ),
    [tool('b', { description: 'found' }), tool('new')],
  ],
  [
    'a name that no tool has changes nothing',
    request([tool('a')], [{ type: 'load', name: 'none' }]),
    [tool('a')],
  ],
  [
    'where the provider would search, all are declared, and the search is left out',
    request([search, tool('a'), tool('b', deferred)]),
    [tool('a'), tool('b')],
  ],
]

for (const [what, given, known] of rows) {
  test(`§12.3 ${what}`, () => {
    const { tools, toolChanges } = withLoadedTools(given)

    assert.deepEqual(tools, known)
    assert.equal(toolChanges, undefined)
  })
}

test('§12.3 a request without deferred tools is the same object', () => {
  const { toolChanges: _none, ...plain } = request([tool('a')])

  assert.equal(withLoadedTools(plain), plain)
})
