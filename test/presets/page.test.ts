/** docs/presets.md against the rows: each preset has its line, and each line its preset. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fullAddress } from '../../lib/config/base-url.ts'
import { loadConfig } from '../../lib/config/load.ts'
import { presetNames, presets, type Preset } from '../../lib/config/presets.ts'
import type { ModelType } from '../../lib/config/types.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { packageDir, textOf } from '../readme/page.ts'

const page = textOf('docs/presets.md')

function lineOf(name: string, preset: Preset): string {
  const { addresses, auth, aliases = [], optionalKey, note = '' } = preset
  const types = Object.keys(addresses) as ModelType[]
  const shown = types.map((type) => {
    const url = fullAddress(addresses[type]!.replace('{resource}', 'NAME'), type)
    return `${type}: ${url.host}${url.pathname}`
  })
  const header = typeof auth === 'object' ? auth.header : undefined
  const variables = [
    ...(typeof auth === 'object' ? [auth.env, ...aliases] : []),
    ...(optionalKey === undefined ? [] : [optionalKey]),
  ].map((variable) => `\`${variable}\``)
  const credential =
    auth === 'account'
      ? 'the account'
      : [variables.join(', ') || 'none', ...(header ? [`as \`${header}\``] : [])].join(' ')
  return `| \`${name}\` | ${shown.join('<br>')} | ${credential} | ${note} |`
}

test('contract §3.17: docs/presets.md has the rows as they are', () => {
  const lines = page.split('\n').filter((line) => /^\| `[a-z-]+` \|/.test(line))

  const expected = presetNames.map((name) => lineOf(name, presets[name]))
  assert.equal(lines.join('\n'), expected.join('\n'))
})

test('contract §3.17: docs/zh-CN/presets.md has the addresses and variables of docs/presets.md', () => {
  const chinese = textOf('docs/zh-CN/presets.md')
  const facts = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => [line.split(' | ')[1], line.match(/`[^`]+`/g)])

  assert.equal(facts(page).length, presetNames.length)
  assert.deepEqual(facts(chinese), facts(page))
})

test('contract §3.17: the example of docs/presets.md is served', () => {
  const [, example = ''] = /```json\n(.+?)```/s.exec(page) ?? []
  const dir = tempDir()
  const file = path.join(dir, 'config.json')
  writeFileSync(file, example)
  const options = { env: { DEEPSEEK_API_KEY: 'k-3f9a1c7e55' }, cwd: dir, homeDir: dir }

  const loaded = loadConfig({ ...options, flags: { config: file }, packageDir })

  assert.deepEqual(loaded.warnings, [])
  assert.equal(loaded.config.models.length, 2)
})

test('contract §3.17: both READMEs name every preset, with the variable for its key', () => {
  for (const file of ['README.md', 'README.zh-CN.md']) {
    const rows = textOf(file).split('\n')
    const wrong = Object.entries<Preset>(presets).filter(([name, { auth }]) => {
      const named = [name, ...(typeof auth === 'object' ? [auth.env] : [])]
      return !rows.some((row) => named.every((one) => row.includes(`\`${one}\``)))
    })

    assert.deepEqual(wrong, [])
  }
})
