/** How each client is pointed at the proxy: lines for a shell, which the banner shows and `droid2api env` prints. */
import { findSource } from '../account/source.ts'
import { endpointOf, findModel } from '../config/models.ts'
import type { Config, ModelType } from '../config/types.ts'
import { bareHost, noProxy } from '../network/no-proxy.ts'
import { proxyVariables } from '../network/outbound-proxy.ts'
import { shells, type ShellName, type Value, type Variables } from './shells.ts'

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

export interface Pointing {
  config: Config
  /** where the proxy listens, such as `http://127.0.0.1:3000` */
  url: string
  /** that the client is to use; left out: the first of the type whose API the client speaks, else the first of all */
  model?: string | undefined
}

/** What a shell evaluates before it starts the client. `env`: of that shell. */
export function shellLine(
  client: ClientName,
  pointing: Pointing,
  shell: ShellName,
  env: NodeJS.ProcessEnv,
): string {
  const list = neededNoProxy(env, pointing.url)
  // of two spellings some programs read only one
  const around =
    list === undefined ? [] : ['NO_PROXY', 'no_proxy'].map((name) => [name, list] as const)
  return `${lines[client](pointing, shell, around)}\n`
}

type Line = (pointing: Pointing, shell: ShellName, around: Variables) => string

const lines: Record<ClientName, Line> = {
  claude({ config, url, model = firstModel(config, 'anthropic') }, shell, around) {
    const key = keyValues[neededKey(config)]
    const login: Variables = [
      ['ANTHROPIC_BASE_URL', url],
      ['ANTHROPIC_AUTH_TOKEN', key],
    ]
    const chosen: Variables =
      model === undefined
        ? []
        : [
            ['ANTHROPIC_MODEL', model],
            ...claudeWindow(model).map(ownOr),
            ...ownChecks(model).map(ownOr),
            ...claudeTiers(config, model),
          ]
    return shells[shell].exports([...login, ...chosen, ...around])
  },
  codex({ config, url, model }, shell, around) {
    const needed = neededKey(config)
    const key: Variables = needed === 'upstream' ? [['DROID2API_KEY', keyValues[needed]]] : []
    // PowerShell loses double quotes on the way to a program
    const words = codexArguments(config, url, model, shell === 'powershell' ? "'" : '"')
    return shells[shell].wrapper('codex', words, [...key, ...around])
  },
  openai({ config, url, model }, shell, around) {
    return shells[shell].exports([
      ['OPENAI_BASE_URL', `${url}/v1`],
      ['OPENAI_API_KEY', keyValues[neededKey(config)]],
      ...(model === undefined ? [] : [['OPENAI_MODEL', model] as const]),
      ...around,
    ])
  },
}

/** A value of the user's own wins. */
function ownOr([name, otherwise]: readonly [string, string]): Variables[number] {
  return [name, { variable: name, otherwise }]
}

/** A key that is needed comes from the user's own environment; the demo takes any, also where there is no account. */
const keyValues: Record<NeededKey, Value> = {
  client: { variable: 'DROID2API_KEY', otherwise: undefined },
  upstream: { variable: 'DROID2API_KEY', otherwise: 'any' },
  any: 'any',
}

/**
 * What NO_PROXY has to be where there is an HTTP proxy: a client would look for us behind it, too. Undefined where nothing has
 * to change.
 */
export function neededNoProxy(env: NodeJS.ProcessEnv, url: string): string | undefined {
  const names = proxyVariables.flatMap((name) => [name, name.toLowerCase()])
  const list = env.no_proxy?.trim() || env.NO_PROXY?.trim() || ''
  const target = new URL(url)
  if (!names.some((name) => env[name]?.trim()) || noProxy(list)(target)) return undefined
  const host = bareHost(target.hostname)
  return list === '' ? host : `${list},${host}`
}

/**
 * Tokens. For a model that they do not know, Claude Code assumes a window of a million and Codex one of 272 000: too late to
 * compact for most.
 * @see https://github.com/openai/codex/pull/11238
 */
const safeWindow = 200_000

/** Claude Code knows the windows of all names that begin like Claude's, and takes none for them. */
export function claudeWindow(model: string): [name: string, tokens: string][] {
  return model.startsWith('claude-') ? [] : [['CLAUDE_CODE_MAX_CONTEXT_TOKENS', String(safeWindow)]]
}

/**
 * Only Anthropic's API checks the actions of Claude Code's auto mode itself. Without the setting each session is held up once, to say
 * that its model does not.
 * @see https://github.com/farion1231/cc-switch/issues/7518
 */
function ownChecks(model: string): [name: string, value: string][] {
  return model.startsWith('claude-') ? [] : [['CLAUDE_CODE_AUTO_MODE_SERVER', '0']]
}

/**
 * Claude Code asks its small model beside the chosen one, and subagents the others, by names of its own. Where such a name
 * leads nowhere, it is pointed at the model that is most like it, else at the chosen one.
 */
export function claudeTiers(
  config: Config,
  chosen: string,
  tiers = ['opus', 'sonnet', 'haiku'],
): [name: string, model: string][] {
  return tiers.flatMap((tier): [string, string][] => {
    if (findModel(config, `claude-${tier}`)) return []
    const alike = config.models.find(({ id }) => id.includes(tier))?.id ?? chosen
    return [[`ANTHROPIC_DEFAULT_${tier.toUpperCase()}_MODEL`, alike]]
  })
}

/**
 * Behind `codex`, which takes a provider from its command line only. A key reaches it through the environment. `quote`: one of
 * the two that TOML has.
 */
export function codexArguments(
  config: Config,
  url: string,
  model = firstModel(config, 'openai') ?? 'MODEL',
  quote: '"' | "'" = '"',
): string[] {
  const members = {
    name: 'droid2api',
    base_url: `${url}/v1`,
    wire_api: 'responses',
    ...(neededKey(config) !== 'any' && { env_key: 'DROID2API_KEY' }),
  }
  const provider = Object.entries(members).map(([key, value]) => `${key}=${quote}${value}${quote}`)
  const window = /^(?:gpt|codex|o\d)/.test(model)
    ? []
    : ['-c', `model_context_window=${safeWindow}`]
  return [
    '-m',
    model,
    ...window,
    '-c',
    'model_provider=droid2api',
    '-c',
    `model_providers.droid2api={${provider.join(',')}}`,
  ]
}

/** The first of a type, else the first of all: any client can use it. */
export function firstModel({ models }: Config, type: ModelType): string | undefined {
  return (models.find((model) => model.type === type) ?? models[0])?.id
}
