/** What `init` may find: lists of models as providers answer them, and a machine with nothing but what a test puts there. */
import path from 'node:path'
import { readSettings } from '../../lib/config/env-files.ts'
import type { AskOne, Question } from '../../lib/init/ask.ts'
import { init, type InitOptions } from '../../lib/init/init.ts'
import { createAgents } from '../../lib/network/agents.ts'
import { answerTo } from '../../lib/network/one-answer.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import type { Answer, RecordedRequest } from '../helpers/upstream.ts'

export const openAiList = (...ids: string[]): Answer => ({
  body: { object: 'list', data: ids.map((id) => ({ id, object: 'model', owned_by: 'them' })) },
})

/** Lists its models to whoever has the key. */
export function lister(key: string, answer: Answer) {
  return ({ method, headers }: RecordedRequest): Answer => {
    const isGood = [headers.authorization, headers['x-api-key'], headers['x-goog-api-key']].some(
      (value) => value === key || value === `Bearer ${key}`,
    )
    if (method !== 'GET') return { status: 404, body: 'not found' }
    return isGood ? answer : { status: 401, body: { error: { message: `Incorrect key: ${key}` } } }
  }
}

export interface Machine {
  env?: Record<string, string>
  /** a vendor's host, and the address that stands for it */
  hosts?: Record<string, string>
  options?: Partial<InitOptions>
  dir?: string
  /** s that it waits for anybody; else as long as a busy machine may take */
  patienceS?: number
}

/** Runs it in a folder of its own. What is not among `hosts` or on this machine cannot be reached. */
export async function runInit({
  env = {},
  hosts = {},
  options = {},
  dir = tempDir(),
  patienceS = 30,
}: Machine) {
  const agents = createAgents()
  const asked: Question[] = []
  const ask: AskOne = async (question) => {
    asked.push(question)
    const host = hosts[question.url.host]
    const isHere = question.url.hostname === '127.0.0.1'
    if (!host && !isHere) throw Object.assign(new Error('no network'), { code: 'ENOTFOUND' })
    const { pathname, search } = question.url
    const url = host ? new URL(host + pathname + search) : question.url
    return await answerTo({ ...question, url, patienceS, method: 'GET', agent: agents.fresh(url) })
  }
  const dataDir = path.join(dir, 'data')
  const settings = readSettings(
    { env: { DATA_DIR: dataDir, ...env }, cwd: dir, packageDir: dir, homeDir: dir },
    [],
  )
  const file = path.join(dataDir, 'config.json')
  const result = await init({
    wanted: [],
    file,
    isUsual: true,
    offline: false,
    print: false,
    force: false,
    get: settings.get,
    account: undefined,
    schema: undefined,
    redirects: {},
    places: {},
    ask,
    command: 'droid2api',
    dataDir,
    ...options,
  })
  return { ...result, file, dir, asked }
}
