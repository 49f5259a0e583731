/** What a person sees at start: the address, the account's state, and lines to copy for each client. */
import type { AddressInfo } from 'node:net'
import type { App } from '../app.ts'

/** `http://127.0.0.1:3000`, with a loopback name for a listener on all addresses. */
export function addressOf(address: AddressInfo): string {
  const host = address.address
  const name =
    host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${address.port}`
}

/** The lines for a terminal. */
export function banner(app: App, url: string): string {
  const { models } = app.config
  const chat = models[0]?.id ?? 'MODEL'
  const claude = models.find((model) => model.type === 'anthropic')?.id
  const codex = models.find((model) => model.type === 'openai')?.id
  const key = app.config.api_keys.length > 0 ? 'YOUR_CLIENT_KEY' : 'any'
  return `${[
    `droid2api ${app.version} listens on ${url}`,
    accountLine(app),
    ...app.warnings.map((warning) => `Warning: ${warning}`),
    '',
    ...(claude ? claudeCode(url, key, claude) : []),
    ...(codex ? codexLines(url, codex) : []),
    'OpenAI SDK',
    `  export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${key}`,
    'curl',
    `  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\`,
    `    -d '{"model":"${chat}","messages":[{"role":"user","content":"Hello"}]}'`,
  ].join('\n')}\n\n`
}

/** One line on the account: what serves, or what was looked for. */
export function accountLine(app: App): string {
  if (app.accountNote) return app.accountNote
  const { source, state, expires_at: expiresAt, last_error: lastError } = app.account.status()
  if (source === 'none') {
    return `No account: looked for ${app.account.lookedFor().join(', ')}. Each client's own credential goes upstream.`
  }
  if (state === 'degraded') return `Account: ${source}, degraded: ${lastError ?? 'no usable token'}`
  return `Account: ${source}${expiresAt ? `, token until ${expiresAt}` : ''}`
}

function claudeCode(url: string, key: string, model: string): string[] {
  return [
    'Claude Code',
    `  ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${key} claude --model ${model}`,
  ]
}

function codexLines(url: string, model: string): string[] {
  const provider = `{name="droid2api",base_url="${url}/v1",wire_api="responses"}`
  return [
    'Codex',
    `  codex -m ${model} -c model_provider=droid2api -c 'model_providers.droid2api=${provider}'`,
  ]
}
