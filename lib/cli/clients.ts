/** How each client is pointed at the proxy: lines for a shell, which the banner shows and `droid2api env` prints. */
import { findSource } from '../account/source.ts'
import { endpointOf } from '../config/models.ts'
import type { Config, ModelType } from '../config/types.ts'

export const clientNames = ['claude', 'codex', 'openai'] as const

export type ClientName = (typeof clientNames)[number]

/** What a client has to send: one of the proxy's own keys, the caller's own for the upstream, or whatever it likes. */
export type NeededKey = 'client' | 'upstream' | 'any'

export function neededKey(config: Config): NeededKey {
  if (config.api_keys.length > 0) return 'client'
  const noAccount = findSource(config).kind === 'none'
  const passesOn = config.models.some((model) => {
    const { auth } = endpointOf(config, model)
    return auth === 'client' || (auth === 'account' && noAccount)
  })
  return passesOn ? 'upstream' : 'any'
}

/** What a shell evaluates before it starts the client. `url`: where the proxy listens, such as `http://127.0.0.1:3000`. */
export function shellLine(client: ClientName, config: Config, url: string): string {
  return `${lines[client](config, url)}\n`
}

const lines: Record<ClientName, (config: Config, url: string) => string> = {
  claude(config, url) {
    const model = firstModel(config, 'anthropic')
    const login = `ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${shellKeys[neededKey(config)]}`
    return `export ${login}${model ? ` ANTHROPIC_MODEL=${model}` : ''}`
  },
  codex(config, url) {
    const needed = neededKey(config)
    const key = needed === 'upstream' ? `DROID2API_KEY=${shellKeys[needed]} ` : ''
    return `codex() { ${key}command ${codexCommand(config, url)} "$@"; }`
  },
  openai: (config, url) =>
    `export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${shellKeys[neededKey(config)]}`,
}

/** A key that is needed comes from the user's own environment; the demo takes any, also where there is no account. */
const shellKeys: Record<NeededKey, string> = {
  client: '"${DROID2API_KEY:?set it to one of the api_keys}"',
  upstream: '"${DROID2API_KEY:-any}"',
  any: 'any',
}

/** Codex takes a provider from its command line only. A key reaches it through the environment. */
export function codexCommand(config: Config, url: string): string {
  const envKey = neededKey(config) === 'any' ? '' : ',env_key="DROID2API_KEY"'
  const provider = `{name="droid2api",base_url="${url}/v1",wire_api="responses"${envKey}}`
  const model = firstModel(config, 'openai') ?? 'MODEL'
  return `codex -m ${model} -c model_provider=droid2api -c 'model_providers.droid2api=${provider}'`
}

export function firstModel({ models }: Config, type: ModelType): string | undefined {
  return models.find((model) => model.type === type)?.id
}
