/** The schema that editors read: it takes what the program takes, and what stands in docs/ is what the program has. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { withoutComments } from '../../lib/config/file.ts'
import { publishedSchema } from '../../lib/config/published-schema.ts'
import { fileSchema } from '../../lib/config/schema.ts'
import type { Schema } from '../../lib/config/schema-type.ts'
import { runProgram } from '../helpers/program.ts'
import { blocksOf, packageDir, textOf } from '../readme/page.ts'

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false })
for (const word of ['allowComments', 'allowTrailingCommas']) ajv.addKeyword(word)
const validate = ajv.compile(publishedSchema())

function faultsOf(config: unknown): string[] {
  if (validate(config)) return []
  return validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`)
}

test('contract §3.19: the schema in docs/ is the one that the program has; npm run docs writes it', () => {
  assert.deepEqual(JSON.parse(textOf('docs/config.schema.json')), publishedSchema())
})

test('contract §3.19: droid2api schema prints it', async (t) => {
  const program = runProgram(t, { args: ['schema'] })

  assert.equal(await program.exit, 0)
  assert.deepEqual(JSON.parse(program.stdout()), publishedSchema())
})

test('contract §3.19: the shipped file names it, and is as it says', () => {
  const shipped = JSON.parse(textOf('config.json')) as { $schema: string }
  const named = path.join(packageDir, shipped.$schema)

  assert.deepEqual(JSON.parse(readFileSync(named, 'utf8')), publishedSchema())
  assert.deepEqual(faultsOf(shipped), [])
})

for (const page of ['docs/configuration.md', 'docs/zh-CN/configuration.md']) {
  test(`contract §3.19: the defaults that ${page} tells are those of the schema`, () => {
    const rows = Array.from(textOf(page).matchAll(/^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$/gm))
    const told = rows.flatMap(([, keys, values]) => {
      const [names, texts] = [keys!, values!].map((cell) =>
        Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code!),
      )
      return names!.length === texts!.length
        ? names!.map((name, index) => ({ name, text: texts![index]! }))
        : []
    })
    let count = 0
    for (const { name, text } of told) {
      const fallback = ruleOf(name)?.default
      if (fallback === undefined || typeof fallback === 'object' || text.endsWith('…')) continue
      count += 1
      assert.equal(text, `${fallback as string | number | boolean}`, name)
    }

    assert.ok(count >= 20, `${count} defaults`)
  })
}

/** Of a key as `timeouts.idle_s`. */
function ruleOf(place: string): Schema | undefined {
  return place
    .split('.')
    .reduce<Schema | undefined>((schema, key) => schema?.properties?.[key], fileSchema)
}

/** Adds a provider of its own, whose name no program has. */
const other = 'docs/providers.md'
const pages = readdirSync(path.join(packageDir, 'docs'), { recursive: true, encoding: 'utf8' }).map(
  (name) => `docs/${name}`,
)
const examples = ['README.md', 'README.zh-CN.md', ...pages]
  .filter((page) => page.endsWith('.md') && page !== other)
  .flatMap((page) =>
    blocksOf(page)
      .filter(
        ({ language, text }) =>
          /^jsonc?$/.test(language) && /"(?:endpoints|clients|accounts)"/.test(text),
      )
      .map(({ text }) => ({ page, config: JSON.parse(withoutComments(text)) as object })),
  )

test('contract §3.19: every configuration of the README and of docs/ is as it says', () => {
  assert.ok(examples.length >= 8, `${examples.length} examples`)
  for (const { page, config } of examples) assert.deepEqual(faultsOf(config), [], page)
})

const whole = {
  endpoints: [
    { name: 'a', base_url: 'https://a.example', auth: { env: 'KEY' }, headers: { 'x-one': '1' } },
  ],
  models: [{ name: 'A', id: 'a', type: 'common', price: { input: 1, output: 2 } }],
  accounts: [{ name: 'work', key: '${KEY}' }],
  clients: [{ name: 'alice', key: '${KEY}' }],
  retry: {},
  timeouts: {},
  reasoning_memory: {},
  usage: {},
  auth: {},
}

/** The value with an unknown key in each of its objects in turn, by the place of the key. */
function* misspelt(value: unknown, place = ''): Generator<[place: string, value: unknown]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const [at, wrong] of misspelt(item, `${place}/${index}`))
        yield [at, value.with(index, wrong)]
    }
  } else if (typeof value === 'object' && value !== null && !place.endsWith('/headers')) {
    yield [`${place}/nmae`, { ...value, nmae: 'x' }]
    for (const [key, member] of Object.entries(value)) {
      for (const [at, wrong] of misspelt(member, `${place}/${key}`))
        yield [at, { ...value, [key]: wrong }]
    }
  }
}

test('contract §3.19: a key that is not known is refused, wherever it stands', () => {
  const all = [...misspelt(whole)]

  assert.deepEqual(faultsOf(whole), [])
  assert.equal(all.length, 12)
  for (const [place, config] of all) assert.notDeepEqual(faultsOf(config), [], place)
})

test('contract §3.19: a text of which only some are known may be a reference; another one is refused', () => {
  const [endpoint] = whole.endpoints

  assert.deepEqual(faultsOf({ log_level: '${LEVEL}' }), [])
  assert.deepEqual(faultsOf({ endpoints: [{ ...endpoint, auth: '${AUTH}' }] }), [])
  assert.notDeepEqual(faultsOf({ log_level: 'loud' }), [])
  assert.notDeepEqual(faultsOf({ endpoints: [{ ...endpoint, auth: 'mine' }] }), [])
  assert.notDeepEqual(faultsOf({ port: '${PORT}' }), [])
})

test('contract §3.19: an endpoint has an address or a preset, an account one kind of credential', () => {
  assert.notDeepEqual(faultsOf({ endpoints: [{ name: 'a' }] }), [])
  assert.deepEqual(faultsOf({ endpoints: [{ name: 'a', preset: 'anthropic' }] }), [])
  assert.notDeepEqual(faultsOf({ accounts: [{ name: 'a' }] }), [])
  assert.notDeepEqual(faultsOf({ accounts: [{ name: 'a', key: 'k', login: 'l' }] }), [])
})

test('contract §3.19: every example of a key is as its schema says', () => {
  const wrong: string[] = []
  let count = 0
  const walk = (schema: Schema, place: string) => {
    for (const example of schema.examples ?? []) {
      count += 1
      if (!new Ajv({ allowUnionTypes: true }).validate(schema, example)) wrong.push(place)
    }
    for (const [key, rule] of Object.entries(schema.properties ?? {})) walk(rule, `${place}.${key}`)
    for (const rule of [...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])]) {
      walk(rule, place)
    }
  }
  walk(fileSchema, '')

  assert.ok(count > 20)
  assert.deepEqual(wrong, [])
})
