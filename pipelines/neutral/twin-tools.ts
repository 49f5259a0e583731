/** Tools that a client declares twice. OpenAI takes that, other APIs refuse every request of the session (theia #16122). */
import { isDeepStrictEqual } from 'node:util'
import type { NeutralRequest, Tool } from './request.ts'

/** The request without tools that say the same as one before them. Two of one name that differ stay: nobody knows which is meant. */
export function withoutTwins(request: NeutralRequest): NeutralRequest {
  const kept: Tool[] = []
  for (const tool of request.tools) {
    const isTwin = tool.kind !== 'hosted' && kept.some((one) => isSame(one, tool))
    if (!isTwin) kept.push(tool)
  }
  return { ...request, tools: kept }
}

function isSame(one: Tool, other: Tool): boolean {
  if (one.kind !== other.kind || one.kind === 'hosted' || other.kind === 'hosted') return false
  return one.name === other.name && isDeepStrictEqual(saidBy(one), saidBy(other))
}

function saidBy(tool: Tool): object {
  return { ...tool, place: '', ...('schemaPlace' in tool && { schemaPlace: '' }), mark: undefined }
}
