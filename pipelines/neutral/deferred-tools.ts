/**
 * Deferred tools: a client declares them so that they can be loaded, and the model is to know only those that are. A model of
 * another API knows the loaded ones as any other tool.
 */
import type { CustomTool, FunctionTool, NeutralRequest, Tool, ToolChange } from './request.ts'

/**
 * The request with the tools that the model is to know, none of them deferred, and without changes. Where the provider of the
 * client's API would search for tools, nobody can: then all are declared, and the search is left out.
 */
export function withLoadedTools(request: NeutralRequest): NeutralRequest {
  if (!request.toolChanges?.length && !request.tools.some(isDeferring)) return request
  const { toolChanges = [], ...rest } = request
  const isSearchable = !request.tools.some(findsTools)
  const known = new KnownTools(request.tools, isSearchable)
  for (const change of toolChanges) known.change(change)
  return { ...rest, tools: known.declared() }
}

function findsTools(tool: Tool): boolean {
  return tool.kind === 'hosted' && tool.findsTools === true
}

function isDeferring(tool: Tool): boolean {
  return tool.deferred === true || findsTools(tool)
}

interface Entry {
  tool: Tool
  isKnown: boolean
}

class KnownTools {
  readonly #entries: Entry[]

  constructor(tools: readonly Tool[], isSearchable: boolean) {
    this.#entries = tools
      .filter((tool) => !findsTools(tool))
      .map((tool) => ({ tool, isKnown: !isSearchable || tool.deferred !== true }))
  }

  /** A name that no tool has changes nothing. */
  change(change: ToolChange): void {
    if (change.type !== 'add') {
      const entry = this.#entryOf(change)
      if (entry) entry.isKnown = change.type === 'load'
      return
    }
    const { tool } = change
    const entry = this.#entryOf(tool)
    if (entry) Object.assign(entry, { tool, isKnown: true })
    else this.#entries.push({ tool, isKnown: true })
  }

  declared(): Tool[] {
    return this.#entries.filter(({ isKnown }) => isKnown).map(({ tool }) => undeferred(tool))
  }

  #entryOf({ name, namespace }: Pick<FunctionTool, 'name' | 'namespace'>): Entry | undefined {
    return this.#entries.find(
      ({ tool }) => isNamed(tool) && tool.name === name && tool.namespace === namespace,
    )
  }
}

function isNamed(tool: Tool): tool is FunctionTool | CustomTool {
  return tool.kind !== 'hosted'
}

function undeferred(tool: Tool): Tool {
  if (!tool.deferred) return tool
  const { deferred: _loaded, ...rest } = tool
  return rest
}
