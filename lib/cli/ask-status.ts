/** Asks a running droid2api how it is: without a key where that is enough, since a key that stays at home cannot be lost. */
import { objectFrom } from '../../pipelines/json/value.ts'
import { createAgents } from '../network/agents.ts'
import { answerTo, NoAnswer, type Answer } from '../network/one-answer.ts'
import { unreachableReason } from '../network/unreachable-reason.ts'
import type { StatusContent } from '../status/content.ts'

/** Thrown where there is no status to show; the message says why, and what to do. */
export class NoStatus extends Error {}

/** It reads a month of usage from what may be a slow card. */
const patienceS = 10
/** Far more than it ever tells. */
const maxBytes = 50_000_000

/** `url`: without a path, unless the proxy is below one. `key`: the admin key, where one is known. Throws NoStatus. */
export async function askStatus(url: string, key: string | undefined): Promise<StatusContent> {
  const first = await answerOf(`${url}/status.json`, undefined)
  const isClosed = first.status === 401 || first.status === 404
  const answer = isClosed && key !== undefined ? await answerOf(`${url}/status.json`, key) : first
  const content = objectFrom(answer.text)
  if (answer.status === 200 && content && 'uptime_s' in content) {
    return content as unknown as StatusContent
  }
  throw await whyNot(url, answer.status, key)
}

const agents = createAgents()

async function answerOf(url: string, key: string | undefined): Promise<Answer> {
  const headers = { accept: 'application/json', ...(key !== undefined && { 'x-api-key': key }) }
  const to = new URL(url)
  const agent = agents.fresh(to)
  try {
    return await answerTo({ method: 'GET', url: to, headers, agent, patienceS, maxBytes })
  } catch (error) {
    const isLate = error instanceof NoAnswer
    const why = isLate ? 'it does not answer' : unreachableReason(error as Error).why
    throw new NoStatus(
      `No droid2api runs at ${shown(url)}: ${why}. Start it with droid2api serve, or name another by --url.`,
    )
  }
}

async function whyNot(url: string, status: number, key: string | undefined): Promise<NoStatus> {
  const about = objectFrom((await answerOf(url, undefined)).text)
  if (about?.name !== 'droid2api') {
    return new NoStatus(`What answers at ${shown(url)} is not droid2api. Name another by --url.`)
  }
  if (status === 429) return new NoStatus('Too many wrong keys were sent. Wait a minute.')
  if (status === 401 || status === 404) {
    const place = `The droid2api at ${shown(url)}`
    return new NoStatus(
      key === undefined
        ? `${place} answers only its own machine and the holder of its admin key. Set ADMIN_KEY to that key.`
        : `${place} does not take this admin key. Set ADMIN_KEY to the one that it was started with.`,
    )
  }
  return new NoStatus(`The droid2api at ${shown(url)} answers ${status}. Its log says why.`)
}

/** Without a password that may be in it. */
function shown(url: string): string {
  return new URL(url).origin
}
