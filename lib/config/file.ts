/** The configuration file: which one it is, and its JSON as people write it, with comments and with faults that name their place. */
import { realpathSync } from 'node:fs'
import path from 'node:path'
import { doubleKeys } from './double-keys.ts'
import type { Problems } from './environment.ts'
import { isThere, readSeen, type SeenFiles } from './seen-files.ts'
import { readTextFile, whyUnreadable } from './text-file.ts'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'

export interface FileChoice {
  path: string
  /** how faults call the one that was asked for */
  askedBy?: string
}

export interface FileOptions {
  flag: string | undefined
  /** absolute */
  variable: string | undefined
  cwd: string
  dataDir: string
  packageDir: string
}

/**
 * The file of the flag, else of the variable, else the one in `DATA_DIR`, else the one in the program's own folder. A file in
 * the current folder is not read by itself: it may be anybody's, and could send the login anywhere.
 */
export function chooseFile(options: FileOptions, seen: SeenFiles): FileChoice {
  const { flag, variable, cwd, dataDir, packageDir } = options
  if (flag) return { path: path.resolve(cwd, flag), askedBy: '--config' }
  if (variable) return { path: variable, askedBy: 'CONFIG_FILE' }
  const kept = path.join(dataDir, 'config.json')
  return { path: isThere(kept, seen) ? kept : path.join(packageDir, 'config.json') }
}

/**
 * A warning where a configuration of ours lies in the current folder and nobody asked for it. The shipped one is there for
 * everybody who works in a clone.
 */
export function notReadHere(
  { path: chosen, askedBy }: FileChoice,
  { cwd, packageDir }: Pick<FileOptions, 'cwd' | 'packageDir'>,
): string[] {
  const here = path.join(cwd, 'config.json')
  const shipped = path.join(packageDir, 'config.json')
  if (askedBy || isSame(here, chosen) || isSame(here, shipped) || !isOurs(here)) return []
  return [
    `${here} is not read, since it only lies in the current folder: --config ${here} reads it`,
  ]
}

function isSame(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other)
  } catch {
    // one of them is not there
    return false
  }
}

function isOurs(file: string): boolean {
  try {
    const { models, endpoints, endpoint } = objectFrom(withoutComments(readTextFile(file))) ?? {}
    return [models, endpoints, endpoint].some(Array.isArray)
  } catch {
    // not a configuration
    return false
  }
}

/** The file's object, its older name `endpoint` for `endpoints` put right; empty where it had to be a fault. */
export function readConfigFile(
  choice: FileChoice,
  seen: SeenFiles,
  problems: Problems,
): JsonObject {
  const text = readText(choice, seen, problems.faults)
  if (text === undefined) return {}
  const value = parse(choice.path, text, problems)
  if (value === undefined) return {}
  if (!isObject(value)) {
    problems.faults.push(`${choice.path}: expected a JSON object`)
    return {}
  }
  const { endpoint, $schema: _, ...rest } = value
  return endpoint === undefined || rest.endpoints !== undefined
    ? rest
    : { ...rest, endpoints: endpoint }
}

function readText(
  { path: file, askedBy }: FileChoice,
  seen: SeenFiles,
  faults: string[],
): string | undefined {
  try {
    return readSeen(file, seen)
  } catch (error) {
    faults.push(`${askedBy ? `${askedBy}: ` : ''}${file}: ${whyUnreadable(error)}`)
    return undefined
  }
}

function parse(file: string, written: string, { faults, warnings }: Problems): unknown {
  if (written.trim() === '') {
    faults.push(`${file}: the file is empty; {} is a configuration with nothing but defaults`)
    return undefined
  }
  const text = withoutComments(written)
  try {
    const value: unknown = JSON.parse(text)
    for (const { place, line } of doubleKeys(text)) {
      warnings.push(`${file}:${line}: ${place} stands here a second time; the last one counts`)
    }
    return value
  } catch (error) {
    const other = otherLanguage(file, text)
    const { place, why } = faultIn(text, error)
    faults.push(
      other
        ? `${file}: this is ${other}; the configuration is JSON, see the shipped config.json`
        : `${file}${place}: not valid JSON: ${why}`,
    )
    return undefined
  }
}

/** Forks of the original have their configuration in YAML. */
function otherLanguage(file: string, text: string): string | undefined {
  if (/\.ya?ml$/i.test(file)) return 'YAML'
  if (/\.toml$/i.test(file)) return 'TOML'
  if (/^\s*[{["]/.test(text) && !/^\s*\[[\w.-]+\]\s*$/m.test(text)) return undefined
  if (/^\s*\w[\w.-]*\s*=/m.test(text)) return 'TOML'
  return /^(?:---|\w[\w-]*:(?:\s|$))/m.test(text) ? 'YAML' : undefined
}

/** Comments and trailing commas, which people write into JSON: blanked in place, so that places in faults stay true. */
const stringOrComment = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
const stringOrLastComma = /"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g

/** In: JSON with comments. Out: a text of the same length and the same lines, which JSON.parse takes. */
export function withoutComments(text: string): string {
  const bare = text.replace(stringOrComment, (found) =>
    found.startsWith('"') ? found : found.replace(/[^\r\n]/g, ' '),
  )
  return bare.replace(stringOrLastComma, (found, at: number) =>
    found === ',' && endsValue(bare, at) ? ' ' : found,
  )
}

/** Whether a value ends before this place: in `[,]` none does, so its comma stays and is a fault. */
function endsValue(text: string, at: number): boolean {
  return !/[[{,:]\s*$/.test(text.slice(Math.max(0, at - 1000), at)) && at > 0
}

const token =
  /\s*(?:[{}[\],:]|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?|true\b|false\b|null\b)/uy
const danglingComma = /,\s*[}\]]/uy

/**
 * `:LINE:COLUMN` of the first fault, and the reason. In: a text that JSON.parse refused, and what it threw: V8 gives a position
 * for some faults only, and its messages quote the text, which may hold secrets.
 */
function faultIn(text: string, error: unknown): { place: string; why: string } {
  const position = /position (\d+)/.exec(String(error))?.[1]
  const at = position === undefined ? firstFault(text) : Number(position)
  return { place: lineAndColumn(text, at), why: reasonAt(text, at) }
}

const reasons: [begins: RegExp, why: string][] = [
  [/^$/, 'it ends too early'],
  [/^'/, 'texts stand in double quotes'],
  [/^[\u201C-\u201F\u2018-\u201B]/, 'quotes must be straight ones: "'],
  [/^(?:True|False|None|TRUE|FALSE|NULL)\b/, 'write true, false or null'],
  [/^\/\*/, 'this comment does not end'],
  [/^[\w$-]+\s*:/, 'keys stand in double quotes'],
  [/^,/, 'there is a comma too many'],
  [/^#/, 'a comment begins with //'],
  [/^=/, 'a value follows its key after a colon'],
]

/** What most likely was meant at the fault; nothing of the text itself, which may be a secret. */
function reasonAt(text: string, at: number): string {
  const rest = text.slice(at)
  const before = text.slice(0, at).trimEnd()
  if (inString(text, at)) {
    return 'a text ends on its line, and a backslash in it is written twice: \\\\'
  }
  const known = reasons.find(([begins]) => begins.test(rest))
  if (known) return known[1]
  if (/^[}\]]/.test(rest) && before.endsWith(',')) return 'there is a comma too many'
  if (/^["{[\w-]/.test(rest) && /["}\]\w]$/.test(before)) return 'a comma is missing before this'
  return 'this is not expected here'
}

/** Whether a text in quotes that does not end, or holds what it must not, is what breaks. */
function inString(text: string, at: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1)
  const end = at - (text.length - line.length)
  const quotes = line.slice(0, Math.max(0, end)).replace(/\\./g, '').split('"').length - 1
  const begins = text[at] === '"' && !/^"(?:[^"\\\p{Cc}]|\\["\\/bfnrtu])*"/u.test(text.slice(at))
  return quotes % 2 === 1 || begins
}

/** The place of the first text that cannot be a token, or of a comma with nothing behind it; else the end of the text. */
function firstFault(text: string): number {
  let at = 0
  while (at < text.length) {
    token.lastIndex = at
    const found = token.exec(text)
    if (!found) break
    danglingComma.lastIndex = token.lastIndex - 1
    const dangling = found[0].endsWith(',') ? danglingComma.exec(text) : null
    if (dangling) return danglingComma.lastIndex - 1
    at = token.lastIndex
  }
  return at + /^\s*/.exec(text.slice(at))![0].length
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}
