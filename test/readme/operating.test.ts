/**
 * docs/operating.md: each configuration is one without a fault, and each command is run, at a proxy with the configuration of its
 * section. What cannot be run so has a test of its own in `trials`.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { loadConfig } from '../../lib/config/load.ts'
import { builtProgram } from '../helpers/built-program.ts'
import { runProgram } from '../helpers/program.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'
import { at, page, sections, variablesOf } from './operating-page.ts'
import { blocksOf, packageDir } from './page.ts'

/** By the first line of the block: what the general way cannot run. */
const trials: Record<string, (t: TestContext, commands: string) => void | Promise<void>> = {
  async 'droid2api init --preset deepseek --preset ollama'(t, commands) {
    const list = (...ids: string[]) => ({ body: { data: ids.map((id) => ({ id })) } })
    const [vendor, local] = await Promise.all([
      startUpstream(t, () => list('deepseek-flash', 'deepseek-v4-pro')),
      startUpstream(t, () => list('qwen3:8b')),
    ])
    const { env, dir } = inFolder(tempDir())
    const shell = {
      ...env,
      CONFIG_FILE: '',
      PORT: '0',
      DEEPSEEK_API_KEY: 'key-of-ones-own-3f9a1c',
      DEEPSEEK_BASE_URL: vendor.url,
      OLLAMA_HOST: local.url,
    }

    const { stdout } = await promisify(execFile)('sh', ['-ec', commands], { env: shell, cwd: dir })

    const printed = stdout
      .replaceAll(path.join(dir, 'data'), '/home/me/.droid2api')
      .replaceAll(local.url, 'http://127.0.0.1:11434')
      .replace(' with DEEPSEEK_BASE_URL', '')
    const shown = blocksOf(page).find(({ text }) => text.startsWith('Found'))!
    assert.ok(printed.startsWith(shown.text), printed)
    assert.match(printed, /ok +configuration: .*config\.json, 3 models/)
  },
}

for (const { title, configs, commands } of sections) {
  for (const [index, config] of configs.entries()) {
    test(`operating, ${title}: configuration ${index + 1} has no fault`, () => {
      assert.deepEqual(warningsOf(config), [])
    })
  }
  for (const block of commands) {
    const [first = ''] = block.split('\n')
    test(`operating, ${title}: ${first}`, async (t) => {
      await (trials[first] ?? ranAt(configs[0] ?? {}))(t, block)
    })
  }
}

test('every block that a test is for is on the page of operating', () => {
  const blocks = sections.flatMap((section) => section.commands)

  assert.deepEqual(
    Object.keys(trials).filter((first) => !blocks.some((text) => text.startsWith(first))),
    [],
  )
})

function warningsOf(config: object): string[] {
  const dir = tempDir()
  const file = path.join(dir, 'config.json')
  writeFileSync(file, JSON.stringify(config))
  const env = { DATA_DIR: path.join(dir, 'data'), ...variablesOf(config) }
  return loadConfig({ flags: { config: file }, env, cwd: dir, packageDir, homeDir: dir }).warnings
}

/** Pasted into a shell that has `droid2api`, beside a running proxy of that configuration. Each line has to succeed. */
function ranAt(config: Record<string, unknown>) {
  return async (t: TestContext, commands: string) => {
    const upstream = await startUpstream(t, () => ({
      body: anthropicMessage({ text: ['Hello.'] }),
    }))
    const variables = { FACTORY_API_KEY: 'fk-of-the-account', ...variablesOf(config) }
    const program = runProgram(t, { config: at(upstream.url, config), env: variables })
    const url = await program.url()
    const env = { ...variables, ...inFolder(program.dir).env }
    const pasted = commands
      .replaceAll('http://localhost:3000', url)
      .replaceAll('curl ', 'curl -sf ')
    const { stdout } = await promisify(execFile)('sh', ['-ec', pasted], { env, cwd: program.dir })
    assert.notEqual(stdout, '')
  }
}

/** A shell that has `droid2api`. */
function inFolder(dir: string) {
  const bin = path.join(dir, 'bin')
  mkdirSync(bin)
  symlinkSync(builtProgram(), path.join(bin, 'droid2api'))
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: dir,
    DATA_DIR: path.join(dir, 'data'),
    CONFIG_FILE: path.join(dir, 'config.json'),
  }
  return { dir, env }
}
