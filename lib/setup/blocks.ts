/** Lines to copy for each client, as the banner and the status page show them. */
import type { Config } from '../config/types.ts'
import {
  claudeTiers,
  claudeWindow,
  codexArguments,
  firstModel,
  neededKey,
  type NeededKey,
} from './clients.ts'
import { curlLines, quoted, type KeyPlace } from './curl.ts'

export interface SetupBlock {
  /** for whom */
  name: string
  lines: string[]
}

/** The key in a line to copy. */
const placeholders: Record<NeededKey, KeyPlace> = {
  client: 'YOUR_CLIENT_KEY',
  upstream: 'YOUR_KEY',
  any: 'any',
}

export function keyPlace(config: Config): KeyPlace {
  return placeholders[neededKey(config)]
}

/** `url`: where the proxy is reached, such as `http://127.0.0.1:3000`. */
export function setupBlocks(config: Config, url: string): SetupBlock[] {
  const key = keyPlace(config)
  const chat = config.models[0]?.id ?? 'MODEL'
  return [
    { name: 'Claude Code', lines: [claudeLine(config, url, key)] },
    { name: 'Codex', lines: [codexLine(config, url, key)] },
    {
      name: 'OpenAI SDK, Cline, Cursor',
      lines: [
        `export OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${key}`,
        `# base URL ${url}/v1, API key ${key}, model ${chat}`,
      ],
    },
    { name: 'curl', lines: curlLines({ url, key, model: chat }) },
  ]
}

function claudeLine(config: Config, url: string, key: string): string {
  const model = firstModel(config, 'anthropic') ?? 'MODEL'
  // the other tiers only those miss who ask for them
  const settings = [...claudeWindow(model), ...claudeTiers(config, model, ['haiku'])].map(
    ([name, value]) => `${name}=${quoted(value)}`,
  )
  const login = [`ANTHROPIC_BASE_URL=${url}`, `ANTHROPIC_AUTH_TOKEN=${key}`, ...settings]
  return `${login.join(' ')} claude --model ${quoted(model)}`
}

function codexLine(config: Config, url: string, key: string): string {
  const command = ['codex', ...codexArguments(config, url).map(quoted)].join(' ')
  return key === 'any' ? command : `DROID2API_KEY=${key} ${command}`
}
