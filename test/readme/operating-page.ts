/** docs/operating.md, section by section. */
import { oneUpstream } from '../helpers/proxy.ts'
import { blocksOf, textOf, type Block } from './page.ts'

export const page = 'docs/operating.md'

export interface Section {
  title: string
  configs: Record<string, unknown>[]
  commands: string[]
}

export const sections = textOf(page)
  .split(/^## /m)
  .slice(1)
  .map((text): Section => {
    const blocks = blocksIn(text)
    const ofLanguage = (name: string) =>
      blocks.filter(({ language }) => language === name).map((block) => block.text)
    return {
      title: text.slice(0, text.indexOf('\n')),
      configs: ofLanguage('json').map((json) => JSON.parse(json) as Record<string, unknown>),
      commands: ofLanguage('sh'),
    }
  })

/** The first configuration of a section. */
export function exampleOf(title: string): Record<string, unknown> {
  const config = sections.find((section) => section.title === title)?.configs[0]
  if (!config) throw new Error(`${title} shows no configuration`)
  return config
}

function blocksIn(text: string): Block[] {
  return blocksOf(page).filter((block) => text.includes(block.text))
}

/** Each variable of an example has a value. */
export function variablesOf(config: object): Record<string, string> {
  const text = JSON.stringify(config)
  const named = [...text.matchAll(/\$\{(\w+)\}|"env":"(\w+)"/g)].map(
    ([, one, other]) => one ?? other!,
  )
  return Object.fromEntries(named.map((name) => [name, `value-of-${name.toLowerCase()}-3f9a1c`]))
}

/** The example with a scripted upstream in place of its providers. */
export function at(url: string, config: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(config.endpoints)) return oneUpstream(url, config)
  const endpoints = (config.endpoints as object[]).map((one) =>
    Object.assign({}, one, { base_url: url }),
  )
  return { ...config, endpoints }
}
