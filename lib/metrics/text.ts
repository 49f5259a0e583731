/**
 * Metrics as Prometheus reads them. Source: "Exposition formats", text format 0.0.4,
 * https://prometheus.io/docs/instrumenting/exposition_formats/ (read 2026-11).
 */
import { bucketsMs, type Counter, type Histogram, type Series } from './series.ts'

export type Labels = Record<string, string>

/** One line of a metric: its labels and its number. */
export type Sample = readonly [labels: Labels, value: number]

interface Described {
  name: string
  help: string
}

/** A number that goes up and down. Without samples the metric is left out. */
export function gauge(metric: Described, samples: readonly Sample[]): string {
  return numbers(metric, 'gauge', samples)
}

export function counters(metric: Described, samples: readonly Sample[]): string {
  return numbers(metric, 'counter', samples)
}

function numbers(metric: Described, type: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return ''
  const lines = samples.map(([labels, value]) => line(metric.name, labels, value))
  return head(metric, type) + lines.join('')
}

export function histograms(metric: Described, series: Series<string, Histogram>): string {
  if (series.all.length === 0) return ''
  return head(metric, 'histogram') + spansOf(metric.name, series)
}

function spansOf(name: string, series: Series<string, Histogram>): string {
  let text = ''
  for (const { values, counted } of series.all) {
    const pairs = pairsOf(labelled(series.labels, values))
    let upToHere = 0
    for (const [index, count] of counted.counts.entries()) {
      upToHere += count
      text += `${name}_bucket{${pairs},le="${bounds[index]}"} ${upToHere}\n`
    }
    text += `${name}_sum{${pairs}} ${counted.sumMs / 1000}\n`
    text += `${name}_count{${pairs}} ${upToHere}\n`
  }
  return text
}

const bounds = [...bucketsMs.map((ms) => String(ms / 1000)), '+Inf']

export function samplesOf(series: Series<string, Counter>): Sample[] {
  return series.all.map(({ values, counted }) => [labelled(series.labels, values), counted.count])
}

export function labelled(names: readonly string[], values: readonly string[]): Labels {
  return Object.fromEntries(names.map((name, index) => [name, values[index]!]))
}

function head({ name, help }: Described, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = pairsOf(labels)
  return `${name}${pairs === '' ? '' : `{${pairs}}`} ${value}\n`
}

function pairsOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([label, text]) => `${label}="${escaped(text)}"`)
    .join(',')
}

const escapes: Record<string, string> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function escaped(text: string): string {
  return text.replaceAll(/[\\"\n]/g, (char) => escapes[char]!)
}
