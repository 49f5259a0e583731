/**
 * The client's tools as another API knows them: the names under which they go up, and what each stands for when it comes
 * back. Providers allow few characters in a name, and have no namespaces; many have no tools that are called with free text.
 * Of deferred tools, which a client declares so that they can be loaded, a model knows only those that are.
 */
import { createHash } from 'node:crypto'
import { badRequest, type ProxyError } from '../errors.ts'
import type {
  CustomTool,
  FunctionTool,
  HostedTool,
  NeutralRequest,
  Tool,
  ToolChange,
} from './request.ts'
import { shown, twinTool } from '../untrusted.ts'
import { withoutTwins } from './twin-tools.ts'

/** Which names an API takes. */
export interface NameRule {
  pattern: RegExp
  /** all characters that it does not take */
  others: RegExp
  /** characters */
  limit: number
}

export const names64: NameRule = { pattern: /^[\w-]{1,64}$/, others: /[^\w-]/g, limit: 64 }
export const names128: NameRule = { pattern: /^[\w-]{1,128}$/, others: /[^\w-]/g, limit: 128 }

/** What the client calls a tool. */
export interface OwnTool {
  name: string
  namespace?: string
  kind: 'function' | 'custom'
  /** the tool of its API that the client declared with it */
  builtIn?: string
}

/** The namespace of what has none. */
const defaultNamespace = 'functions'

/**
 * The one table of a request, from the client's names to those that go up and back. MCP servers have dots and slashes in
 * theirs, and people their own letters; one such name would be a 400 of the whole request (mcp-use #90, swagger-mcp #13).
 */
export class ToolNames {
  readonly #rule: NameRule
  readonly #taken: readonly unknown[]
  /** by flat name and namespace */
  readonly #sent = new Map<string, string>()
  readonly #own = new Map<string, OwnTool>()
  /** so many of these are the tools; then come those that only the history has */
  readonly #declared: number
  /** by the bare name of tools in a namespace; undefined for several of one name */
  #bare: Map<string, OwnTool | undefined> | undefined

  /**
   * The tools have their names before any that only the history has. Throws a 400 for two tools of one name. `taken`: names
   * of the provider's own tools.
   */
  constructor(tools: readonly Tool[], rule: NameRule, taken: readonly unknown[] = []) {
    this.#rule = rule
    this.#taken = taken
    for (const tool of tools) if (tool.kind !== 'hosted') this.#add(tool)
    this.#declared = this.#own.size
  }

  /** The name of a tool, declared or not, for the upstream: always the same for the same tool. */
  sent(name: string, namespace?: string): string {
    return (
      this.#sent.get(keyOf(name, namespace)) ??
      this.#enter({ kind: 'function', name, ...spaceOf(namespace) })
    )
  }

  /**
   * What the client calls it; undefined for a name that was never sent. Models drop the namespace from a name now and then,
   * so the bare name counts where only one tool has it.
   */
  own(sent: string): OwnTool | undefined {
    return this.#named(sent)
  }

  /**
   * The name that was sent, for one that a model writes in its own way: as `functions.exec:0`, or as `bash` where only `Bash` is there
   * (OmniRoute #9575, little-coder #34). Any other stays.
   */
  meant(written: string): string {
    if (this.#named(written)) return written
    const plain = plainName(written)
    return this.#named(plain) ? plain : (this.#alike(plain) ?? written)
  }

  /** The only one of the tools whose name has the same letters. */
  #alike(name: string): string | undefined {
    const letters = name.toLowerCase()
    const alike = [...this.#own.keys()]
      .slice(0, this.#declared)
      .filter((sent) => sent.toLowerCase() === letters)
    return alike.length === 1 ? alike[0] : undefined
  }

  #named(sent: string): OwnTool | undefined {
    return this.#own.get(sent) ?? this.#bare?.get(sent)
  }

  /** Whether every tool comes back as it went up. */
  get changeNothing(): boolean {
    for (const [sent, { name, namespace, kind, builtIn }] of this.#own) {
      if (sent !== name || namespace !== undefined || kind !== 'function' || builtIn !== undefined)
        return false
    }
    return true
  }

  #add(tool: FunctionTool | CustomTool): void {
    const { kind, name, namespace } = tool
    if (this.#sent.has(keyOf(name, namespace))) throw twinTool(name, tool.place)
    const builtIn = 'builtIn' in tool ? tool.builtIn : undefined
    const own = { kind, name, ...spaceOf(namespace), ...(builtIn !== undefined && { builtIn }) }
    this.#enter(own)
    if (isDefault(namespace)) return
    this.#bare ??= new Map()
    this.#bare.set(name, this.#bare.has(name) ? undefined : own)
  }

  #enter(own: OwnTool): string {
    const { name, namespace } = own
    const flat = flatName(name, namespace)
    let sent = this.#rule.pattern.test(flat) ? flat : this.#shortened(flat, flat)
    for (let count = 0; this.#own.has(sent) || this.#taken.includes(sent); count++) {
      sent = this.#shortened(flat, count === 0 ? flat : `${flat} ${count}`)
    }
    this.#own.set(sent, own)
    this.#sent.set(keyOf(name, namespace), sent)
    return sent
  }

  /** The characters that the API takes, and a piece of a hash. */
  #shortened(flat: string, hashed: string): string {
    const { pattern, others, limit } = this.#rule
    const hash = createHash('sha256').update(hashed).digest('hex').slice(0, hashDigits)
    const kept = flat.replaceAll(others, '_').slice(0, limit - hashDigits - 1)
    const sent = `${kept}_${hash}`
    // a rule may ask for more of the first character
    return pattern.test(sent) ? sent : `_${kept.slice(1)}_${hash}`
  }
}

const hashDigits = 8

/**
 * A name as models write it that learned other words for it: with the default namespace, with a dot or the like behind a
 * namespace, with the number of the call (Kimi), or with what follows in their template (gpt-oss). Source: ollama's names in
 * openai/codex#23186, sub2api #7241, read 2026-11.
 */
function plainName(written: string): string {
  return written
    .replace(/<\|.*$/s, '')
    .trim()
    .replace(/:\d+$/, '')
    .replaceAll(/[.:/]/g, '__')
    .replace(/^(?:functions|default_api)__/, '')
}

/** A tool's whole name in one word. */
export function flatName(name: string, namespace: string | undefined): string {
  return isDefault(namespace) ? name : `${namespace}__${name}`
}

function isDefault(namespace: string | undefined): boolean {
  return namespace === undefined || namespace === defaultNamespace
}

function keyOf(name: string, namespace: string | undefined): string {
  return isDefault(namespace) ? name : JSON.stringify([namespace, name])
}

function spaceOf(namespace: string | undefined): { namespace?: string } {
  return namespace === undefined ? {} : { namespace }
}

/**
 * The request with the tools that the model is to know, each once, none of them deferred, and without changes. Where the provider
 * of the client's API would search for tools, nobody can: then all are declared, and the search is left out.
 */
export function withLoadedTools(asked: NeutralRequest): NeutralRequest {
  const names = new Set(asked.tools.map((tool) => isNamed(tool) && tool.name))
  const request = names.size < asked.tools.length ? withoutTwins(asked) : asked
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

/** Whether it is a search that the client wishes for without declaring a tool. */
export function isWishedSearch(tool: Tool): boolean {
  return tool.kind === 'hosted' && tool.written === undefined
}

/** Whether the client runs it; a tool that the provider runs may have no name. */
export function isNamed(tool: Tool): tool is FunctionTool | CustomTool {
  return tool.kind !== 'hosted'
}

function undeferred(tool: Tool): Tool {
  if (!tool.deferred) return tool
  const { deferred: _loaded, ...rest } = tool
  return rest
}

/**
 * The names, for what is dropped, of the tools that the model lacks. Throws a 400 where the work cannot go on without: the
 * client would run the tool, or has no other, or wants this one called. An answer without results would look like a search
 * that found nothing. `nameOf`: undefined for one without which the work goes on.
 */
export function lostTools(
  { model, tools, toolChoice }: NeutralRequest,
  isLacking: (tool: HostedTool) => boolean,
  nameOf: (tool: HostedTool) => string | undefined = ({ lostName }) => lostName,
): string[] {
  const lacking = tools.filter((tool) => tool.kind === 'hosted').filter(isLacking)
  const isAll = lacking.length === tools.length
  for (const tool of lacking) {
    if (tool.isClientRun) throw unknownTool(tool)
    const isChosen = toolChoice?.type === 'hosted' && toolChoice.tool === tool
    if (nameOf(tool) !== undefined && (isAll || isChosen)) throw unavailable(tool, model)
  }
  return lacking.map((tool) => nameOf(tool) ?? 'tools')
}

function unknownTool({ place, written }: HostedTool): ProxyError {
  const message = `${place} is ${shown(written)}, which only models of its own provider know how to call; declare it as a function with a schema.`
  return badRequest('unsupported_tool', place, message)
}

function unavailable({ place, written, search }: HostedTool, model: string): ProxyError {
  const name = search ? 'web_search' : (written?.replace(/_\d{8}$/, '') ?? 'the tool')
  const message = `${name} is not available on the model ${shown(model)} here.`
  return badRequest('unsupported_tool', place, message)
}

/** Of a choice of a tool that the request does not have. */
export function undeclared(name: string, place: string): ProxyError {
  const given = JSON.stringify(name.slice(0, 80))
  const message = `${place} is ${given}, which is not among the tools; declare it first.`
  return badRequest('invalid_value', place, message)
}
