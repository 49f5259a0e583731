/** `droid2api init` as the command line asks for it. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { findSource } from '../account/source.ts'
import { calledAs } from '../config/called-as.ts'
import type { PresetName } from '../config/presets.ts'
import type { Settings } from '../config/env-files.ts'
import { expandHome } from '../config/text-file.ts'
import type { Config } from '../config/types.ts'
import { createAgents } from '../network/agents.ts'
import { answerTo } from '../network/one-answer.ts'
import { outboundProxy } from '../network/outbound-proxy.ts'
import { init, type InitResult } from './init.ts'
import { usualPlaces } from './servers.ts'

export interface InitFlags {
  presets: readonly PresetName[]
  out: string | undefined
  offline: boolean
  print: boolean
  force: boolean
}

/** `shipped`: the program's own configuration in this environment. */
export async function runInit(
  { presets, out, offline, print, force }: InitFlags,
  settings: Settings,
  shipped: Config,
  homeDir: string,
): Promise<InitResult> {
  const usual = settings.pathIn('CONFIG_FILE') ?? path.join(settings.dataDir, 'config.json')
  const file = out === undefined ? usual : path.resolve(shipped.start_dir, expandHome(out, homeDir))
  const agents = createAgents({ proxy: outboundProxy() })
  return await init({
    wanted: presets,
    file,
    isUsual: file === usual,
    offline,
    print,
    force,
    get: settings.get,
    account: accountOf(shipped),
    schema: schemaIn(shipped.program_dir),
    redirects: shipped.model_redirects,
    places: usualPlaces,
    ask: (question) => answerTo({ ...question, method: 'GET', agent: agents.fresh(question.url) }),
    command: calledAs(shipped.start_dir),
    dataDir: settings.dataDir,
  })
}

/** The package has it, so it is of the version that reads the file; an image has none. */
function schemaIn(programDir: string): string | undefined {
  const file = path.join(programDir, 'docs', 'config.schema.json')
  return existsSync(file) ? pathToFileURL(file).href : undefined
}

function accountOf(config: Config): string | undefined {
  const source = findSource(config)
  switch (source.kind) {
    case 'factory_api_key':
      return 'FACTORY_API_KEY'
    case 'droid_refresh_key':
      return 'DROID_REFRESH_KEY'
    case 'auth_file':
    case 'kept_login':
      return `the login in ${source.file}`
    case 'none':
      return undefined
    default:
      return source satisfies never
  }
}
