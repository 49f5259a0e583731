/** Tools that a client declares twice. OpenAI takes that, other APIs refuse every request of the session (theia #16122). */
import { isDeepStrictEqual } from 'node:util'
import type { CustomTool, FunctionTool, NeutralRequest } from './request.ts'

/** The request without tools that say the same as one before them. Two of one name that differ stay: nobody knows which is meant. */
export function withoutTwins(request: NeutralRequest): NeutralRequest {
  const firsts = new Map<string, FunctionTool | CustomTool>()
  const tools = request.tools.filter((tool) => {
    if (tool.kind === 'hosted') return true
    const name = JSON.stringify([tool.namespace, tool.name])
    const first = firsts.get(name)
    if (!first) firsts.set(name, tool)
    return !first || !isDeepStrictEqual(saidBy(first), saidBy(tool))
  })
  return { ...request, tools }
}

function saidBy(tool: FunctionTool | CustomTool): object {
  return { ...tool, place: '', ...('schemaPlace' in tool && { schemaPlace: '' }), mark: undefined }
}
