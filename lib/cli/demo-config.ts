/** The demo's configuration: the user's own, with every model pointed at the built-in upstream. */
import { prepared } from '../config/models.ts'
import type { Config, Endpoint, ModelType } from '../config/types.ts'
import { providers } from '../../pipelines/index.ts'

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
    models: config.models.map(({ endpoint: _, ...model }) => model),
    endpoints,
    secrets: {},
    file_secrets: [],
    endpoint_secrets: { DEMO: 'demo-upstream-key' },
    auth: { ...config.auth, file: '' },
  })
}
