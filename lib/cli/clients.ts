/** How each client is pointed at the proxy: lines for a shell, which the banner shows and `droid2api env` prints. */
import type { Config, ModelType } from '../config/types.ts'

export const clientNames = ['claude', 'codex', 'openai'] as const

export type ClientName = (typeof clientNames)[number]

/** What a shell evaluates before it starts the client. `url`: where the proxy listens, such as `http://127.0.0.1:3000`. */
export function shellLine(client: ClientName, config: Config, url: string): string {
  return `${lines[client](config, url)}\n`
}

const lines: Record<ClientName, (config: Config, url: string) => string> = {
  claude(config, url) {
    const model = firstModel(config, 'anthropic')
    const login = `ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${shellKey(config)}`
    return `export ${login}${model ? ` ANTHROPIC_MODEL=${model}` : ''}`
  },
  codex: (config, url) => `codex() { command ${codexCommand(config, url)} "$@"; }`,
  openai: (config, url) => `export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${shellKey(config)}`,
}

/** Codex takes a provider from its command line only. A key reaches it through the environment. */
export function codexCommand(config: Config, url: string): string {
  const envKey = config.api_keys.length > 0 ? ',env_key="DROID2API_KEY"' : ''
  const provider = `{name="droid2api",base_url="${url}/v1",wire_api="responses"${envKey}}`
  const model = firstModel(config, 'openai') ?? 'MODEL'
  return `codex -m ${model} -c model_provider=droid2api -c 'model_providers.droid2api=${provider}'`
}

export function firstModel({ models }: Config, type: ModelType): string | undefined {
  return models.find((model) => model.type === type)?.id
}

/** Any will do where none is asked for; one that is asked for is left to the user's own environment. */
function shellKey({ api_keys: keys }: Config): string {
  return keys.length > 0 ? '"${DROID2API_KEY:?set it to one of the api_keys}"' : 'any'
}
