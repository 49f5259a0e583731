/**
 * Tools that Anthropic defines without a schema and the client runs: to models of other APIs they are functions. Their calls need no
 * way back, since Anthropic's own models call them by name and arguments, too.
 * Source: Anthropic documentation "Bash tool", "Text editor tool", "Memory tool" and the types of `@anthropic-ai/sdk` 1.14, read 2026-11.
 */
import type { JsonObject } from '../../json/value.ts'

interface BuiltIn {
  description: string
  schema: JsonObject
}

const text = { type: 'string' }
const line = { type: 'integer' }
const lines = { type: 'array', items: line }

function schemaOf(properties: JsonObject, required: string[]): JsonObject {
  return { type: 'object', properties, required }
}

const bash: BuiltIn = {
  description:
    'Runs a command in a bash session that lasts, and returns its output. restart: true begins a new session and runs nothing.',
  // clients refuse a call without a command, and a model leaves out what it may
  schema: schemaOf({ command: text, restart: { type: 'boolean' } }, ['command']),
}

const fileCommands = ['view', 'create', 'str_replace', 'insert']

/** What the commands on a file take, in words that the tools share. */
const fileWords = [
  'view: shows a file with its line numbers, or lists a directory; view_range is its first and last line, -1 for the end.',
  'create: writes file_text as a new file.',
  'str_replace: puts new_str in the place of old_str, which must stand in the file exactly once, white space included.',
]

const fileMembers = {
  path: text,
  view_range: lines,
  file_text: text,
  old_str: text,
  new_str: text,
  insert_line: line,
}

const insertion = 'behind the line insert_line; 0 is the beginning of the file.'

const editor: BuiltIn = {
  description: [
    'Shows and changes text files, by a command.',
    ...fileWords,
    `insert: puts insert_text ${insertion}`,
  ].join('\n'),
  schema: schemaOf(
    { command: { ...text, enum: fileCommands }, ...fileMembers, insert_text: text },
    ['command', 'path'],
  ),
}

/** Up to 2025-01; their `insert` has its text in another member. */
const olderEditor: BuiltIn = {
  description: [
    'Shows and changes text files, by a command.',
    ...fileWords,
    `insert: puts new_str ${insertion}`,
    'undo_edit: takes the last change of the file back.',
  ].join('\n'),
  schema: schemaOf({ command: { ...text, enum: [...fileCommands, 'undo_edit'] }, ...fileMembers }, [
    'command',
    'path',
  ]),
}

/** The API itself tells Claude to look there first; nobody tells another model. */
const memory: BuiltIn = {
  description: [
    'Keeps notes in files below /memories that outlast this conversation. View /memories before anything else, and write down what later work needs.',
    ...fileWords,
    `insert: puts insert_text ${insertion}`,
    'delete: removes the file or directory at path.',
    'rename: moves old_path to new_path; path is old_path, too.',
  ].join('\n'),
  schema: schemaOf(
    {
      command: { ...text, enum: [...fileCommands, 'delete', 'rename'] },
      ...fileMembers,
      insert_text: text,
      old_path: text,
      new_path: text,
    },
    // all commands but one need it
    ['command', 'path'],
  ),
}

const builtIns: [type: RegExp, tool: BuiltIn][] = [
  [/^bash_\d/, bash],
  [/^text_editor_(?:2024|202501)/, olderEditor],
  [/^text_editor_\d/, editor],
  [/^memory_\d/, memory],
]

/** What another model has to know of a tool of this type; undefined for any other tool. */
export function builtInTool(type: string): BuiltIn | undefined {
  return builtIns.find(([pattern]) => pattern.test(type))?.[1]
}
