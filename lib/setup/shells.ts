/** How shells set variables and quote words: what `droid2api env` prints is evaluated by the one that a person types into. */
import path from 'node:path'
import { quoted } from './curl.ts'

export const shellNames = ['sh', 'fish', 'powershell'] as const

export type ShellName = (typeof shellNames)[number]

/** A text as it is, or what a variable of the shell holds by then. */
export type Value = string | FromVariable

interface FromVariable {
  variable: string
  /** where it holds nothing; undefined: that is a failure */
  otherwise: string | undefined
}

export type Variables = readonly (readonly [name: string, value: Value])[]

interface Shell {
  /** Sets variables for all that is started later, in one line. */
  exports(variables: Variables): string
  /** A function of the name of a program, which starts it with these words in front of its own. */
  wrapper(program: string, words: readonly string[], variables: Variables): string
  /** Starts a program without a variable. PowerShell takes it out of the whole session: it has no variables of one program. */
  without(variable: string, program: string): string
}

const unset = 'set it to one of the api_keys'

function withoutInUnix(variable: string, program: string): string {
  return `env -u ${variable} ${program}`
}

const sh: Shell = {
  exports: (variables) => `export ${assignments(variables)}`,
  wrapper(program, words, variables) {
    const set = variables.length > 0 ? `${assignments(variables)} ` : ''
    const command = [program, ...words.map(quoted)].join(' ')
    return `${program}() { ${set}command ${command} "$@"; }`
  },
  without: withoutInUnix,
}

function assignments(variables: Variables): string {
  return variables.map(([name, value]) => `${name}=${shValue(value)}`).join(' ')
}

function shValue(value: Value): string {
  if (typeof value === 'string') return quoted(value)
  const { variable, otherwise } = value
  return otherwise === undefined ? `"\${${variable}:?${unset}}"` : `"\${${variable}:-${otherwise}}"`
}

const fish: Shell = {
  exports: (variables) => fishSets(variables, '-gx').join('; '),
  wrapper(program, words, variables) {
    const command = ['command', program, ...words.map(fishQuoted), '$argv'].join(' ')
    return `function ${program}; ${[...fishSets(variables, '-lx'), command].join('; ')}; end`
  },
  without: withoutInUnix,
}

function fishSets(variables: Variables, how: '-gx' | '-lx'): string[] {
  return variables.map(([name, value]) => `set ${how} ${name} ${fishValue(value)}`)
}

function fishValue(value: Value): string {
  if (typeof value === 'string') return fishQuoted(value)
  const { variable, otherwise } = value
  const missing =
    otherwise === undefined ? `echo '${variable}: ${unset}' >&2` : `echo ${fishQuoted(otherwise)}`
  return `(test -n "$${variable}"; and echo $${variable}; or ${missing})`
}

function fishQuoted(text: string): string {
  if (quoted(text) === text) return text
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`
}

const powershell: Shell = {
  exports: (variables) => powershellSets(variables).join('; '),
  wrapper(program, words, variables) {
    const start = `& (Get-Command ${program} -CommandType Application | Select-Object -First 1)`
    const command = [start, ...words.map(powershellQuoted), '@args'].join(' ')
    return `function ${program} { ${[...powershellSets(variables), command].join('; ')} }`
  },
  without: (variable, program) => `Remove-Item Env:${variable}; ${program}`,
}

function powershellSets(variables: Variables): string[] {
  return variables.map(([name, value]) => `$env:${name} = ${powershellValue(value)}`)
}

function powershellValue(value: Value): string {
  if (typeof value === 'string') return powershellQuoted(value)
  const { variable, otherwise } = value
  const missing =
    otherwise === undefined ? `throw '${variable}: ${unset}'` : powershellQuoted(otherwise)
  return `$(if ($env:${variable}) { $env:${variable} } else { ${missing} })`
}

/** It takes curly quotes for straight ones. */
function powershellQuoted(text: string): string {
  return `'${text.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`
}

export const shells: Record<ShellName, Shell> = { sh, fish, powershell }

/** The shell that a person most likely types into: `SHELL` is also set by Git's shell on Windows, and not by PowerShell. */
export function likelyShell(
  { SHELL: shell }: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): ShellName {
  if (!shell) return platform === 'win32' ? 'powershell' : 'sh'
  return path.basename(shell) === 'fish' ? 'fish' : 'sh'
}
