/** What only one API has, where a model of another is asked: members of the request, and tools that its provider runs or at least knows. */
import { badRequest, type ProxyError } from '../errors.ts'
import { shown } from '../untrusted.ts'
import type { HostedTool, NeutralRequest } from './request.ts'

/** The names, for what is dropped, of the members that only other APIs than `api` know. */
export function lostMembers({ own }: Pick<NeutralRequest, 'own'>, api: string): string[] {
  return Object.entries(own).flatMap(([of, members]) => (of === api ? [] : Object.keys(members)))
}

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
