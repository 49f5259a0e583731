/**
 * docs/providers.md adds a made-up provider with two files and a row. Here that happens to a copy of the project, with nothing
 * else changed: the copy compiles, and a real client asks a model of the new type.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import OpenAI, { APIError } from 'openai'
import { runProgram } from './helpers/program.ts'
import { tempDir } from './helpers/temp-dir.ts'
import { sse, startUpstream, type Script } from './helpers/upstream.ts'

const packageDir = path.join(import.meta.dirname, '..')
const page = readFileSync(path.join(packageDir, 'docs', 'providers.md'), 'utf8')
const table = 'pipelines/index.ts'

/** The blocks of code on the page, by the comment that each begins with. */
const blocks = new Map(
  Array.from(page.matchAll(/^```ts\n\/\/ (.*)\n([^]*?)^```$/gm), ([, name, code]) => [
    name!,
    code!,
  ]),
)

function block(name: string): string {
  return blocks.get(name) ?? assert.fail(`the page has no block ${name}`)
}

/** A copy of the project with the provider of the page in it. */
function projectWithAcme(): string {
  const dir = tempDir()
  for (const name of ['bin', 'lib', 'pipelines', 'config.json', 'package.json', 'tsconfig.json']) {
    cpSync(path.join(packageDir, name), path.join(dir, name), { recursive: true })
  }
  symlinkSync(path.join(packageDir, 'node_modules'), path.join(dir, 'node_modules'))
  mkdirSync(path.join(dir, 'pipelines', 'providers', 'acme'))
  const files = [...blocks.keys()].filter((name) => name.startsWith('pipelines/providers/'))
  assert.equal(files.length, 2)
  for (const name of files) writeFileSync(path.join(dir, name), block(name))
  const row = block(`${table}, a row of providerTable`)
  const source = readFileSync(path.join(dir, table), 'utf8')
    .replace(/^import /m, `${block(`${table}, imports`)}import `)
    .replace(/^const providerTable = \{\n/m, `$&${row}`)
  writeFileSync(path.join(dir, table), source)
  return dir
}

const hello = { type: 'hello', ref: 'a-1' }
const pieces = [
  { type: 'piece', say: 'I ' },
  { type: 'piece', say: 'look.' },
]
const ask = { type: 'ask', ref: 'c-1', tool: 'look', with: { at: 'BIG' } }
const bye = { type: 'bye', why: 'done', used: { in: 3, out: 5 } }

const big = '12345678901234567890'

/** A number that a double would change, as Acme writes it. */
function written(value: object): string {
  return JSON.stringify(value).replace('"BIG"', big)
}

/** Acme itself: it streams where it is asked to, and refuses an engine that it does not know. */
const acme: Script = (request) => {
  const { live, engine } = request.json() as { live: boolean; engine: string }
  if (engine !== 'acme-1') return { status: 404, body: { problem: 'no such engine' } }
  if (!live) {
    const body = written({ ref: 'a-1', parts: [...pieces, ask], why: 'done', used: bye.used })
    return { headers: { 'content-type': 'application/json' }, body }
  }
  return { sse: [hello, ...pieces, ask, bye].map((event) => sse(event.type, written(event))) }
}

test('contract §1.3: the provider of docs/providers.md compiles and serves with two files and a row', async (t) => {
  const dir = projectWithAcme()
  const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: dir })
  const upstream = await startUpstream(t, acme)
  const config = {
    system_prompt: '',
    endpoints: [{ name: 'acme', type: 'acme', base_url: upstream.url, auth: 'none' }],
    models: [
      { name: 'Acme', id: 'acme-1', type: 'acme' },
      { name: 'Lost', id: 'lost', type: 'acme' },
    ],
  }

  node(path.join('node_modules', 'typescript', 'bin', 'tsc'), '-p', '.', '--noEmit')
  node('-e', "require('./bin/build/make.cjs')")
  const program = runProgram(t, {
    program: path.join(dir, 'dist/bin/droid2api.js'),
    args: ['-c', 'config.json'],
    config,
  })
  const client = new OpenAI({
    baseURL: `${await program.url()}/v1`,
    apiKey: 'any',
    maxRetries: 0,
  })
  const request = {
    model: 'acme-1',
    messages: [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content: 'What is there?' },
      {
        role: 'assistant' as const,
        tool_calls: [
          {
            id: 'c-0',
            type: 'function' as const,
            function: { name: 'look', arguments: `{"at":${big}}` },
          },
        ],
      },
      {
        role: 'tool' as const,
        tool_call_id: 'c-0',
        content: [{ type: 'text' as const, text: 'stars' }],
      },
    ],
    tools: [
      { type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } },
    ],
    temperature: 0.5,
  }

  const streamed = await client.chat.completions.stream(request).finalChatCompletion()
  const { data: whole, response } = await client.chat.completions.create(request).withResponse()
  const refused: unknown = await client.chat.completions
    .create({ ...request, model: 'lost' })
    .catch((error: unknown) => error)

  for (const { choices, usage } of [streamed, whole]) {
    const [choice] = choices
    assert.equal(choice?.message.content, 'I look.')
    assert.equal(choice.finish_reason, 'tool_calls')
    const [call] = choice.message.tool_calls ?? []
    assert.deepEqual(call?.type === 'function' && call.function.arguments, `{"at":${big}}`)
    if (usage) assert.equal(usage.total_tokens, 8)
  }
  assert.equal(response.headers.get('x-droid2api-dropped'), 'temperature')
  assert.ok(refused instanceof APIError)
  assert.equal(refused.status, 404)
  assert.match(refused.message, /no such engine/)
  const lines = [
    '{"who":"house","say":"Be brief."}',
    '{"who":"you","say":"What is there?"}',
    `{"who":"me","ref":"c-0","tool":"look","with":{"at":${big}}}`,
    '{"who":"you","ref":"c-0","got":"stars"}',
  ]
  assert.equal(
    upstream.requests[1]?.body.toString(),
    `{"engine":"acme-1","live":false,"lines":[${lines.join()}],"tools":[{"name":"look","takes":{"type":"object"}}]}`,
  )
  assert.equal(upstream.requests[1]?.url, '/v1/talk')
})
