/** deploy/grafana-dashboard.json and deploy/prometheus.yml: they ask for what is there. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'
import { settled } from './scraped.ts'

interface Target {
  expr: string
  legendFormat: string
}

interface Dashboard {
  panels: { id: number; title: string; targets: Target[] }[]
}

const packageDir = path.join(import.meta.dirname, '..', '..')
const read = (name: string) => readFileSync(path.join(packageDir, 'deploy', name), 'utf8')

/** A word of PromQL is a metric, a label, or one of these. */
const words = new Set(
  'sum max min by rate increase histogram_quantile clamp_min time __rate_interval le'.split(' '),
)

/** Of the page for operators: what to be told of. */
function alerts(): Target[] {
  const page = readFileSync(path.join(packageDir, 'docs', 'operating.md'), 'utf8')
  return Array.from(
    page.matchAll(/^\| [^|]+ \| `([^`]*droid2api_[^`]*[=>] [\d.]+)` \|$/gm),
    ([, expr]) => ({
      expr: expr!.replaceAll(String.raw`\|`, '|'),
      legendFormat: '',
    }),
  )
}

test('contract §21.8: each metric and label of the six panels of the dashboard, and of what operators are to be told of, is in a real scrape', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const config = oneUpstream(upstream.url, { metrics: true })
  const price = { input: 3, output: 15 }
  const models = config.models.map((model, index) =>
    Object.assign({ price }, index === 0 && { fallback: ['gpt-5.1'] }, model),
  )
  const env = { FACTORY_API_KEY: 'fk-of-the-account' }
  const proxy = await startProxy(t, { config: { ...config, models }, env })
  const body = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [] }
  await (await post(`${proxy.url}/v1/messages`, body)).text()
  const scrape = await settled(proxy)
  const { panels } = JSON.parse(read('grafana-dashboard.json')) as Dashboard

  assert.equal(panels.length, 6)
  assert.equal(new Set(panels.map(({ id }) => id)).size, 6)
  assert.equal(alerts().length, 5)
  for (const { expr, legendFormat } of [...panels.flatMap(({ targets }) => targets), ...alerts()]) {
    const bare = expr.replaceAll(/"[^"]*"/g, '').replaceAll(/\[\$?\w+\]/g, '')
    const names = bare.match(/[a-z_]\w*/g)!.filter((name) => !words.has(name))
    const [metric, ...others] = names.filter((name) => name.startsWith('droid2api_'))
    assert.ok(metric !== undefined && others.length === 0, expr)
    const samples = scrape.all(metric)
    assert.ok(samples.length > 0, `${metric} is not in the scrape`)
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!)
    const labels = names.filter((name) => name !== metric)
    for (const label of [...labels, ...shown]) {
      assert.ok(Object.hasOwn(samples[0]!.labels, label), `${metric} has no label ${label}`)
      if (shown.includes(label)) assert.match(expr, new RegExp(`by \\([^)]*\\b${label}\\b`))
    }
  }
})

test('contract §21.8: Prometheus, as its example asks, gets the metrics', async (t) => {
  const { scrape_configs: scrapes } = parse(read('prometheus.yml')) as {
    scrape_configs: {
      authorization: { credentials_file: string }
      static_configs: { targets: string[] }[]
    }[]
  }
  const [{ authorization, static_configs: places }] = scrapes as [(typeof scrapes)[0]]
  const key = 'the-key-of-whoever-scrapes'
  const proxy = await startProxy(t, { config: { metrics: true, admin_key: key } })
  const file = path.join(proxy.dir, path.basename(authorization.credentials_file))
  writeFileSync(file, `${key}\n`)

  // Prometheus adds `Bearer`, and takes the space around a secret off
  const headers = { authorization: `Bearer ${readFileSync(file, 'utf8').trim()}` }
  const [target = ''] = places[0]!.targets
  const answer = await fetch(`${proxy.url}/metrics`, { headers })

  assert.match(target, /^[\w.-]+:3000$/)
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /^droid2api_build_info\{version="/m)
})
