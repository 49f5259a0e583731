/** How each client is pointed at the proxy: lines for a shell, which the banner shows and `droid2api env` prints. */
import { findSource } from '../account/source.ts'
import { endpointOf, findModel } from '../config/models.ts'
import type { Config, ModelType } from '../config/types.ts'
import { quoted } from './curl.ts'

export const clientNames = ['claude', 'codex', 'openai'] as const

export type ClientName = (typeof clientNames)[number]

/** What a client has to send: one of the proxy's own keys, the caller's own for the upstream, or whatever it likes. */
export type NeededKey = 'client' | 'upstream' | 'any'

export function neededKey(config: Config): NeededKey {
  if (config.prepared.clientKeys.length > 0) return 'client'
  const noAccount = findSource(config).kind === 'none'
  const passesOn = config.models.some((model) => {
    const { auth } = endpointOf(config, model)
    return auth === 'client' || (auth === 'account' && noAccount)
  })
  return passesOn ? 'upstream' : 'any'
}

/** What a shell evaluates before it starts the client. */
export function shellLine(client: ClientName, pointing: Pointing): string {
  return `${lines[client](pointing)}\n`
}

export interface Pointing {
  config: Config
  /** where the proxy listens, such as `http://127.0.0.1:3000` */
  url: string
  /** that the client is to use; left out: the first of the type whose API the client speaks, else the first of all */
  model?: string | undefined
}

const lines: Record<ClientName, (pointing: Pointing) => string> = {
  claude({ config, url, model = firstModel(config, 'anthropic') }) {
    const login = `ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${shellKeys[neededKey(config)]}`
    if (model === undefined) return `export ${login}`
    const window = claudeWindow(model, `"\${${windowVariable}:-${safeWindow}}"`)
    return `export ${[login, `ANTHROPIC_MODEL=${quoted(model)}`, ...window, ...claudeTiers(config, model)].join(' ')}`
  },
  codex({ config, url, model }) {
    const needed = neededKey(config)
    const key = needed === 'upstream' ? `DROID2API_KEY=${shellKeys[needed]} ` : ''
    return `codex() { ${key}command ${codexCommand(config, url, model)} "$@"; }`
  },
  openai({ config, url, model }) {
    const key = shellKeys[neededKey(config)]
    const chosen = model === undefined ? '' : ` OPENAI_MODEL=${quoted(model)}`
    return `export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${key}${chosen}`
  },
}

/** A key that is needed comes from the user's own environment; the demo takes any, also where there is no account. */
const shellKeys: Record<NeededKey, string> = {
  client: '"${DROID2API_KEY:?set it to one of the api_keys}"',
  upstream: '"${DROID2API_KEY:-any}"',
  any: 'any',
}

const windowVariable = 'CLAUDE_CODE_MAX_CONTEXT_TOKENS'

/**
 * Tokens. For a model that they do not know, Claude Code assumes a window of a million and Codex one of 272 000: too late to
 * compact for most.
 * @see https://github.com/openai/codex/pull/11238
 */
const safeWindow = 200_000

/** Claude Code knows the windows of all names that begin like Claude's, and takes none for them. */
export function claudeWindow(model: string, value = String(safeWindow)): string[] {
  return model.startsWith('claude-') ? [] : [`${windowVariable}=${value}`]
}

/**
 * Claude Code asks its small model beside the chosen one, and subagents the others, by names of its own. Where such a name
 * leads nowhere, it is pointed at the model that is most like it, else at the chosen one.
 */
export function claudeTiers(
  config: Config,
  chosen: string,
  tiers = ['opus', 'sonnet', 'haiku'],
): string[] {
  return tiers.flatMap((tier) => {
    if (findModel(config, `claude-${tier}`)) return []
    const alike = config.models.find(({ id }) => id.includes(tier))?.id ?? chosen
    return `ANTHROPIC_DEFAULT_${tier.toUpperCase()}_MODEL=${quoted(alike)}`
  })
}

/** Codex takes a provider from its command line only. A key reaches it through the environment. */
export function codexCommand(
  config: Config,
  url: string,
  model = firstModel(config, 'openai') ?? 'MODEL',
): string {
  const envKey = neededKey(config) === 'any' ? '' : ',env_key="DROID2API_KEY"'
  const provider = `{name="droid2api",base_url="${url}/v1",wire_api="responses"${envKey}}`
  const window = /^(?:gpt|codex|o\d)/.test(model) ? '' : ` -c model_context_window=${safeWindow}`
  return `codex -m ${quoted(model)}${window} -c model_provider=droid2api -c 'model_providers.droid2api=${provider}'`
}

/** The first of a type, else the first of all: any client can use it. */
export function firstModel({ models }: Config, type: ModelType): string | undefined {
  return (models.find((model) => model.type === type) ?? models[0])?.id
}
