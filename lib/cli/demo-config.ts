/** The demo's configuration: the user's own, with every model pointed at the built-in upstream. */
import { prepared } from '../config/models.ts'
import type { Config, Endpoint, Model, ModelType } from '../config/types.ts'
import { providers } from '../../pipelines/index.ts'

/** One of each type that the demo speaks, for a configuration without: every road can be tried. */
const samples: Pick<Model, 'name' | 'id' | 'type'>[] = [
  { name: 'Sonnet 5.5', id: 'claude-sonnet-5-5', type: 'anthropic' },
  { name: 'GPT-5.4', id: 'gpt-5.4', type: 'openai' },
  { name: 'GLM-4.6', id: 'glm-4.6', type: 'common' },
  { name: 'Gemini 3 Pro', id: 'gemini-3-pro', type: 'google' },
]

/** `upstream` is the demo upstream's URL. No account is used and none is touched. */
export function demoConfig(config: Config, upstream: string): Config {
  const types = Object.keys(providers) as ModelType[]
  const endpoints = types.map((type): Endpoint => ({
    name: `demo ${type}`,
    type,
    base_url: upstream,
    auth: { env: 'DEMO' },
    headers: {},
  }))
  return prepared({
    ...config,
    models: demoModels(config),
    endpoints,
    usage: { ...config.usage, enabled: false },
    secrets: {},
    file_secrets: [],
    endpoint_secrets: { DEMO: 'demo-upstream-key' },
    auth: { ...config.auth, file: '' },
  })
}

/** What the start says of the demo, with a model of each type to try. */
export function demoNote({ models }: Config): string {
  const ids = Object.keys(providers).flatMap(
    (type) => models.find((model) => model.type === type)?.id ?? [],
  )
  return `Demo: a built-in upstream answers; no account is used and nothing leaves this machine. Any client runs on any model, such as ${ids.join(', ')}.`
}

/** At least one of each type. Where the user gave a sample's id to another model, that keeps it. */
function demoModels({ models }: Config): Model[] {
  const own = models.map(({ endpoint: _, ...model }) => model)
  const added = samples
    .filter(({ type }) => own.every((model) => model.type !== type))
    .map(({ id, name, type }): Model => {
      const isTaken = own.some((model) => model.id === id)
      return { name, id: isTaken ? `demo-${type}` : id, type, reasoning: 'auto' }
    })
  return [...own, ...added]
}
