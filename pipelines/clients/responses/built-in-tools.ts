/**
 * Tools that Responses itself defines and its client runs: to models of other APIs they are functions, and their calls are items
 * of their own. `tool_search` run by the client is one of them.
 * Source: OpenAI API reference "Responses", tools and items, read 2026-11.
 */
import { isObject, objectFrom, type JsonObject } from '../../json/value.ts'
import type { FunctionTool } from '../../neutral/request.ts'

interface BuiltIn {
  description: string
  schema: JsonObject
  /** of the items in which it is called */
  item: string
  /** The arguments that a call in the history had. */
  argumentsOf: (item: JsonObject) => unknown
  /** The members of an item beside those that all have; undefined for arguments that are not such a call's. */
  membersOf: (args: JsonObject) => JsonObject | undefined
}

const text = { type: 'string' }
const texts = { type: 'array', items: text }
const count = { type: 'integer' }

function schemaOf(properties: JsonObject, required: string[]): JsonObject {
  return { type: 'object', properties, required, additionalProperties: false }
}

const localShell: BuiltIn = {
  description: 'Runs a command on the computer of the user and returns its output.',
  schema: schemaOf(
    {
      command: texts,
      workdir: text,
      timeout_ms: count,
      env: { type: 'object', additionalProperties: text },
    },
    ['command'],
  ),
  item: 'local_shell_call',
  argumentsOf({ action }) {
    const { command, working_directory: workdir, timeout_ms, env } = isObject(action) ? action : {}
    return withoutNulls({ command, workdir, timeout_ms, env })
  },
  membersOf({ command, workdir, timeout_ms, env }) {
    if (!areTexts(command)) return undefined
    const action = {
      type: 'exec',
      command,
      env: isObject(env) ? env : {},
      ...withoutNulls({ working_directory: workdir, timeout_ms }),
    }
    return { action }
  },
}

const shell: BuiltIn = {
  description: 'Runs commands in a shell on the computer of the user and returns their output.',
  schema: schemaOf({ commands: texts, timeout_ms: count, max_output_length: count }, ['commands']),
  item: 'shell_call',
  argumentsOf({ action }) {
    const { commands, timeout_ms, max_output_length } = isObject(action) ? action : {}
    return withoutNulls({ commands, timeout_ms, max_output_length })
  },
  membersOf({ commands, timeout_ms = null, max_output_length = null }) {
    if (!areTexts(commands)) return undefined
    const action = { commands, timeout_ms, max_output_length }
    return { action, environment: { type: 'local' } }
  },
}

const operations = ['create_file', 'update_file', 'delete_file']

const applyPatch: BuiltIn = {
  description:
    'Creates, updates or deletes one file. diff: the lines of a new file, each behind a +, or a V4A diff of an old one.',
  schema: schemaOf({ type: { type: 'string', enum: operations }, path: text, diff: text }, [
    'type',
    'path',
  ]),
  item: 'apply_patch_call',
  argumentsOf: ({ operation }) => operation,
  membersOf({ type, path, diff }) {
    if (typeof path !== 'string' || !operations.some((operation) => operation === type)) {
      return undefined
    }
    if (type === 'delete_file') return { operation: { type, path } }
    return typeof diff === 'string' ? { operation: { type, path, diff } } : undefined
  },
}

const toolSearch: BuiltIn = {
  description: 'Finds tools that are not declared yet and loads them.',
  schema: schemaOf({ query: text, limit: count }, ['query']),
  item: 'tool_search_call',
  argumentsOf: ({ arguments: given }) => given,
  membersOf: (args) => ({ execution: 'client', arguments: args }),
}

const builtIns = new Map<unknown, BuiltIn>([
  ['local_shell', localShell],
  ['shell', shell],
  ['apply_patch', applyPatch],
  ['tool_search', toolSearch],
])

/**
 * A declared tool as the function that it is to other models; undefined where it is no built-in tool, or one that the provider
 * runs. `place`: of the tool.
 */
export function builtInTool(tool: JsonObject, place: string): FunctionTool | undefined {
  const { type } = tool
  const known = builtIns.get(type)
  if (!known || typeof type !== 'string' || !isClientRun(tool)) return undefined
  const { description = known.description, parameters } = tool
  return {
    kind: 'function',
    name: type,
    builtIn: type,
    description: typeof description === 'string' ? description : known.description,
    schema: isObject(parameters) ? parameters : known.schema,
    schemaPlace: `${place}.parameters`,
    place,
    more: {},
  }
}

/** A search of tools and a shell may also run at the provider. */
function isClientRun({ type, execution, environment }: JsonObject): boolean {
  if (type === 'tool_search') return execution === 'client'
  return type !== 'shell' || !isObject(environment) || environment.type === 'local'
}

/** The tool and the arguments of a call item of the history; undefined for any other item. */
export function builtInCall(item: JsonObject): { name: string; input: unknown } | undefined {
  for (const [name, { item: type, argumentsOf }] of builtIns) {
    if (item.type === type && typeof name === 'string') return { name, input: argumentsOf(item) }
  }
  return undefined
}

/**
 * The item of a call, without its id; undefined where the model wrote no arguments of such a call: the client then gets a
 * `function_call`. `written`: the arguments.
 */
export function builtInItem(
  builtIn: string,
  callId: string,
  written: string,
): (JsonObject & { type: string }) | undefined {
  const known = builtIns.get(builtIn)
  const args = objectFrom(written)
  const members = known && args && known.membersOf(args)
  return members && { type: known.item, call_id: callId, status: 'completed', ...members }
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function withoutNulls(members: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== null),
  )
}
