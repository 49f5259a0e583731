/** `droid2api explain`: what a request would become, by this configuration. Nothing is sent and nothing is renewed. */
import { readFileSync } from 'node:fs'
import type { App } from '../app.ts'
import { asUtf8, whyUnreadable } from '../config/text-file.ts'
import { shownError } from '../http/answer.ts'
import { curlLine } from '../explain/curl.ts'
import { withMasks, type Explained } from '../explain/explain.ts'
import { explanationLines, harmless } from '../explain/lines.ts'
import { headingFor } from './colors.ts'
import { NoRequest, offline, type Offline } from './offline-request.ts'
import type { Secret } from '../explain/secrets.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import type { CommandLine } from './usage.ts'

export interface CommandOutput {
  code: 0 | 1 | 2
  out: string
  /** for people, beside what a program reads */
  err: string
}

export interface ExplainSurroundings {
  env: NodeJS.ProcessEnv
  isTerminal: boolean
  /** true: standard input is a keyboard, where nobody types a request */
  isKeyboard: boolean
}

export async function explainCommand(
  line: Pick<CommandLine, 'explain' | 'model' | 'json'>,
  app: App,
  surroundings: ExplainSurroundings,
): Promise<CommandOutput> {
  try {
    const { model } = line
    const { file = '-', route = '/v1/chat/completions', headers } = line.explain
    if (line.explain.file === undefined && surroundings.isKeyboard) {
      throw new NoRequest('no request: name a file with its body, or - for what comes in by a pipe')
    }
    const from = file === '-' ? 'standard input' : file
    const given = { bytes: read(file, from), from, route, model, headers }
    return await outputOf(offline(app, given), line, surroundings)
  } catch (error) {
    if (!(error instanceof NoRequest)) throw error
    return { code: 2, out: '', err: `explain: ${error.message}\n` }
  }
}

function read(file: string, from: string): Buffer {
  try {
    return asUtf8(readFileSync(file === '-' ? 0 : file))
  } catch (error) {
    throw new NoRequest(`${from}: ${whyUnreadable(error)}`)
  }
}

async function outputOf(
  { call, explained }: Offline,
  { json, explain: { curl } }: Pick<CommandLine, 'explain' | 'json'>,
  surroundings: ExplainSurroundings,
): Promise<CommandOutput> {
  try {
    const known = await explained
    if (curl) return curlOutput(known, surroundings)
    const shown = withMasks(known)
    if (json) return { code: 0, out: `${JSON.stringify({ explain: shown })}\n`, err: '' }
    const heading = surroundings.isTerminal ? headingFor(surroundings.env) : (text: string) => text
    return { code: 0, out: explanationLines(shown, heading), err: '' }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    const shown = shownError(call, error)
    const { status } = call.client.errorHead?.(shown) ?? error
    const body = JSON.stringify(call.client.errorBody(shown, call.id))
    return {
      code: 1,
      out: `${json ? body : harmless(body)}\n`,
      err: `the proxy would answer with ${status}:\n`,
    }
  }
}

function curlOutput(known: Explained, { env }: ExplainSurroundings): CommandOutput {
  const missing = new Set<string>()
  const nameOf = (secret: Secret) => {
    const name = variableOf(secret, env)
    if (env[name] !== secret.value) missing.add(name)
    return name
  }
  const out = curlLine(known, nameOf)
  const names = [...missing].map((name) => `$${name}`).join(', ')
  if (out === '') return { code: 0, out, err: 'nothing goes up: the proxy answers by itself\n' }
  return { code: 0, out, err: names === '' ? '' : `not set to what goes up: ${names}\n` }
}

/** The variable that the secret came from: the one that the configuration names, else one that holds it. */
function variableOf({ name, value }: Secret, env: NodeJS.ProcessEnv): string {
  if (env[name] === value) return name
  const holders = Object.keys(env).filter((one) => env[one] === value && /^[A-Za-z_]\w*$/.test(one))
  return holders.toSorted()[0] ?? name
}
