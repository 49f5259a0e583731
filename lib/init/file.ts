/** The configuration that `init` writes. There is no secret in it: keys stay in their variables. */
import type { Price } from '../config/types.ts'
import type { Listed } from './list.ts'
import type { Provider } from './provider.ts'

export interface FirstConfig {
  endpoints: Record<string, unknown>[]
  models: Record<string, unknown>[]
  model_redirects: Record<string, string>
}

interface ModelEntry {
  name: string
  id: string
  type: string
  endpoint: string
  upstream_id?: string
  price?: Price
}

/** `redirects`: those for names that Factory's models are known by, where it is among the providers. */
export function firstConfig(
  found: readonly { provider: Provider; models: readonly Listed[] }[],
  redirects: Readonly<Record<string, string>>,
): FirstConfig {
  const taken = new Set<string>()
  const models = found.flatMap(({ provider, models: listed }) =>
    listed.map((one) => entryOf(one, provider, taken)),
  )
  const hasFactory = found.some(({ provider }) => provider.preset === 'factory')
  return {
    endpoints: found.map(({ provider: { preset, beside } }) => ({
      name: preset,
      preset,
      ...beside,
    })),
    models: models.map((entry) => escaped(entry) as Record<string, unknown>),
    model_redirects: escaped({
      ...tiers(models),
      ...(hasFactory && redirects),
      '*': defaultOf(models),
    }) as Record<string, string>,
  }
}

/** Two providers may have models of one name: the second goes by its provider's name, too. */
function entryOf(
  { id, name, type, price }: Listed,
  provider: Provider,
  taken: Set<string>,
): ModelEntry {
  const { preset } = provider
  let own = taken.has(id) ? `${preset}/${id}` : id
  while (taken.has(own)) own += '-2'
  taken.add(own)
  return {
    name,
    id: own,
    type: type ?? provider.type,
    endpoint: preset,
    ...(own !== id && { upstream_id: id }),
    ...(price && { price }),
  }
}

/** Claude Code asks for its models by names that no provider lists. */
function tiers(models: readonly ModelEntry[]): Record<string, string> {
  const entries = ['opus', 'sonnet', 'haiku'].flatMap((tier) => {
    const model = models.find(({ id }) => id.includes(tier))
    return model ? [[`*${tier}*`, model.id]] : []
  })
  return Object.fromEntries(entries) as Record<string, string>
}

/** What gets every name that leads nowhere else. */
export function defaultOf(models: readonly { id: string }[]): string {
  return (models.find(({ id }) => id.includes('sonnet')) ?? models[0])?.id ?? ''
}

/** Ids come from elsewhere: a `${` in one is no reference. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${')
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(escaped)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, escaped(member)]))
}

/**
 * A line for each endpoint, model and alias, so that people find and change them. `schema`: where an editor on this machine
 * finds what completes the keys; undefined where it is not installed.
 */
export function fileText(
  { endpoints, models, model_redirects: redirects }: FirstConfig,
  schema: string | undefined,
): string {
  const aliases = Object.entries(redirects).map(
    ([alias, id]) => `    ${JSON.stringify(alias)}: ${JSON.stringify(id)}`,
  )
  return [
    '{',
    ...(schema === undefined ? [] : [`  "$schema": ${JSON.stringify(schema)},`]),
    '  "endpoints": [',
    endpoints.map(line).join(',\n'),
    '  ],',
    '  "models": [',
    models.map(line).join(',\n'),
    '  ],',
    '  "model_redirects": {',
    aliases.join(',\n'),
    '  }',
    '}',
    '',
  ].join('\n')
}

function line(entry: object): string {
  const text = JSON.stringify(entry, undefined, 1)
  return `    ${text.replaceAll(/\n\s*/g, ' ')}`
}
