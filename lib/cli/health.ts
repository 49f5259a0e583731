/**
 * `droid2api health`: whether a proxy serves here, as a container's health check asks every half a minute. It looks where the
 * configuration says. That may be broken, or newer than the process, which goes on as it was: then the port that the
 * environment names counts, else the usual one.
 */
import { objectFrom } from '../../pipelines/json/value.ts'
import { createAgents } from '../network/agents.ts'
import { answerTo } from '../network/one-answer.ts'
import { listenerUrl } from './banner.ts'

const patienceS = 3
const usualPort = 3000

/** The first of them at which a proxy serves. */
export async function servingAt(urls: readonly string[]): Promise<string | undefined> {
  for (const url of new Set(urls)) if (await serves(url)) return url
  return undefined
}

/** `configured`: undefined where the configuration is broken. */
export function likelyPlaces(
  configured: { host: string; port: number } | undefined,
  { PORT: named = '' }: NodeJS.ProcessEnv,
): string[] {
  const port = Number(/\d+/.exec(named)?.[0] ?? usualPort)
  const places = [...(configured ? [configured] : []), { host: 'localhost', port }]
  return places.map(listenerUrl)
}

async function serves(address: string): Promise<boolean> {
  const url = new URL('/health', address)
  const agent = createAgents().fresh(url)
  try {
    const answer = await answerTo({ method: 'GET', url, headers: {}, agent, patienceS })
    return answer.status === 200 && objectFrom(answer.text)?.uptime_s !== undefined
  } catch {
    // nobody listens there, or it does not answer
    return false
  }
}
