/** Tools that some provider runs, or at least knows, where the model that is asked has no such thing. */
import { badRequest, type ProxyError } from '../errors.ts'
import { shown } from '../untrusted.ts'
import type { HostedTool, NeutralRequest } from './request.ts'

/**
 * The names, for what is dropped, of the tools that the model lacks. Throws a 400 where the work cannot go on without: the
 * client would run the tool, or has no other, or wants this one called. An answer without results would look like a search
 * that found nothing.
 */
export function lostTools(
  { model, tools, toolChoice }: NeutralRequest,
  isLacking: (tool: HostedTool) => boolean,
): string[] {
  const lacking = tools.filter((tool) => tool.kind === 'hosted').filter(isLacking)
  const isAll = lacking.length === tools.length
  for (const tool of lacking) {
    if (tool.isClientRun) throw unknownTool(tool)
    const isChosen = toolChoice?.type === 'hosted' && toolChoice.tool === tool
    if (tool.lostName !== undefined && (isAll || isChosen)) throw unavailable(tool, model)
  }
  return lacking.map(({ lostName = 'tools' }) => lostName)
}

function unknownTool({ place, written }: HostedTool): ProxyError {
  const message = `${place} is ${shown(written)}, which only models of its own provider know how to call; declare it as a function with a schema.`
  return badRequest('unsupported_tool', place, message)
}

function unavailable({ place, written, search }: HostedTool, model: string): ProxyError {
  const name = search ? 'web_search' : (written ?? 'the tool')
  const message = `${name} is not available on the model ${shown(model)} here.`
  return badRequest('unsupported_tool', place, message)
}
