/**
 * Reads the text format 0.0.4 and throws at the first thing that is not as its specification has it, histograms included.
 * Written from the specification alone: https://prometheus.io/docs/instrumenting/exposition_formats/ (read 2026-11).
 */
import assert from 'node:assert/strict'

export interface Sample {
  /** with `_bucket`, `_sum` or `_count` behind that of a histogram */
  name: string
  labels: Record<string, string>
  value: number
}

export interface Family {
  type: 'counter' | 'gauge' | 'histogram'
  help: string
  samples: Sample[]
}

export class Scrape {
  readonly families = new Map<string, Family>()
  #open = ''

  constructor(text: string) {
    assert.ok(text.endsWith('\n'), 'the last line has its end')
    for (const line of text.slice(0, -1).split('\n')) this.#read(line)
    for (const [name, family] of this.families) check(name, family)
  }

  /** The value of the one series with these labels and no others. */
  value(name: string, labels: Record<string, string> = {}): number | undefined {
    const found = this.all(name).filter((sample) => keyOf(sample.labels) === keyOf(labels))
    assert.ok(found.length < 2)
    return found[0]?.value
  }

  /** The sum over the series whose labels include these. */
  sum(name: string, labels: Record<string, string> = {}): number {
    return this.all(name)
      .filter((sample) =>
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
      )
      .reduce((sum, { value }) => sum + value, 0)
  }

  all(name: string): Sample[] {
    return [...this.families.values()].flatMap(({ samples }) =>
      samples.filter((sample) => sample.name === name),
    )
  }

  #read(line: string): void {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line)
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/.exec(line)
    if (help) {
      assert.ok(!this.families.has(help[1]!), `${help[1]} comes once, in one piece`)
      this.#open = help[1]!
      this.families.set(this.#open, { type: 'gauge', help: help[2]!, samples: [] })
    } else if (type) {
      assert.equal(type[1], this.#open)
      const family = this.families.get(this.#open)!
      assert.equal(family.samples.length, 0)
      family.type = type[2] as Family['type']
    } else {
      const sample = sampleOf(line)
      const family = this.families.get(this.#open)!
      const ends = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      assert.ok(
        ends.some((end) => sample.name === this.#open + end),
        line,
      )
      family.samples.push(sample)
    }
  }
}

function sampleOf(line: string): Sample {
  const [, name, , pairs = '', number] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?:[^"]|"(?:[^"\\]|\\.)*")*)\})? (\S+)$/.exec(line) ?? []
  assert.ok(name !== undefined, `no sample: ${line}`)
  assert.match(number!, /^(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)$/, line)
  return { name, labels: labelsIn(pairs, line), value: Number(number) }
}

function labelsIn(pairs: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  let rest = pairs
  while (rest !== '') {
    const found = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,(?=.)|$)/.exec(rest)
    assert.ok(found, `broken labels: ${line}`)
    assert.ok(!Object.hasOwn(labels, found[1]!), `twice the same label: ${line}`)
    labels[found[1]!] = found[2]!.replaceAll(/\\(.)/g, (_, char: string) =>
      char === 'n' ? '\n' : char,
    )
    rest = rest.slice(found[0].length)
  }
  return labels
}

function keyOf(labels: Record<string, string>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

function check(name: string, { type, samples }: Family): void {
  assert.ok(samples.length > 0, `${name} has a sample`)
  const keys = samples.map((sample) => sample.name + keyOf(sample.labels))
  assert.equal(new Set(keys).size, keys.length, `${name}: each series comes once`)
  if (type === 'counter') {
    assert.match(name, /_total$/)
    for (const { value } of samples) assert.ok(value >= 0 && Number.isFinite(value), name)
  }
  if (type === 'histogram') checkHistograms(name, samples)
}

function checkHistograms(name: string, samples: Sample[]): void {
  for (const set of grouped(samples).values()) {
    const buckets = set.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels: { le } }) => (le === '+Inf' ? Infinity : Number(le)))
    assert.ok(
      bounds.every((bound, index) => index === 0 || bound > bounds[index - 1]!),
      name,
    )
    assert.equal(bounds.at(-1), Infinity)
    const counts = buckets.map(({ value }) => value)
    assert.ok(
      counts.every((count, index) => index === 0 || count >= counts[index - 1]!),
      name,
    )
    const [sum, ...moreSums] = set.filter((sample) => sample.name === `${name}_sum`)
    const [count, ...moreCounts] = set.filter((sample) => sample.name === `${name}_count`)
    assert.ok(sum && count && moreSums.length === 0 && moreCounts.length === 0)
    assert.equal(count.value, counts.at(-1))
    for (const { labels } of [sum, count]) assert.equal(labels.le, undefined)
  }
}

function grouped(samples: Sample[]): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) {
    const { le: _, ...rest } = sample.labels
    const key = keyOf(rest)
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  return groups
}
