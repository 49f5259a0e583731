/** `.env` of the program's own folder and of `DATA_DIR`: what the environment itself does not set. */
import path from 'node:path'
// not by name: a Node too old for it must still start, to report that
import util from 'node:util'
import { readSeen, type SeenFiles } from './seen-files.ts'
import { expandHome, whyUnreadable } from './text-file.ts'

export interface Settings {
  /** absolute */
  dataDir: string
  /** those that were read, the stronger one last */
  files: string[]
  /** what the files add to the environment */
  added: Record<string, string>
  /** a variable's text without blanks around it; undefined where it is empty, as compose passes it */
  get: (name: string) => string | undefined
  /** those that are set, anywhere */
  names: () => string[]
  /** how a fault calls the place a variable came from: `environment`, or the file */
  source: (name: string) => string
  /** the path a variable names: absolute, relative to the file it stands in, else to the current folder */
  pathIn: (name: string) => string | undefined
  /** the files that were looked for */
  seen: SeenFiles
}

export interface SettingsOptions {
  env: NodeJS.ProcessEnv
  cwd: string
  /** where the shipped `config.json` is */
  packageDir: string
  homeDir: string
  /** gets what each file was that was looked for, also where there are faults */
  seen?: SeenFiles
}

/** Node reads these before it reads anything of ours. */
const tooLate = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NODE_USE_SYSTEM_CA']

/** The environment wins over the file in `DATA_DIR`, that one over the file in the program's own folder. */
export function readSettings(options: SettingsOptions, warnings: string[]): Settings {
  const { env, cwd, packageDir, homeDir, seen = new Map() } = options
  const layers: { file: string; values: Record<string, string> }[] = []
  const isSet = (name: string) => Boolean(env[name]?.trim())
  const layerOf = (name: string) =>
    isSet(name) ? undefined : layers.findLast(({ values }) => values[name]?.trim())
  const settings: Omit<Settings, 'dataDir' | 'added' | 'files'> = {
    get: (name) => (layerOf(name)?.values[name] ?? env[name])?.trim() || undefined,
    names: () =>
      Object.keys(Object.assign({}, env, ...layers.map(({ values }) => values))).filter(
        (name) => settings.get(name) !== undefined,
      ),
    source: (name) => layerOf(name)?.file ?? 'environment',
    pathIn(name) {
      const text = settings.get(name)
      const layer = layerOf(name)
      return (
        text &&
        path.resolve(layer ? path.dirname(layer.file) : cwd, expandHome(unquoted(text), homeDir))
      )
    },
    seen,
  }
  const read = (dir: string) => {
    const file = path.join(dir, '.env')
    if (layers.some((layer) => layer.file === file)) return
    const values = readEnvFile(file, seen, warnings)
    if (values) layers.push({ file, values })
  }
  read(packageDir)
  const dataDir = settings.pathIn('DATA_DIR') ?? path.join(homeDir, '.droid2api')
  read(dataDir)
  const added: Record<string, string> = {}
  for (const { values } of layers) {
    for (const [name, value] of Object.entries(values)) {
      if (value.trim() && !isSet(name)) added[name] = value
    }
  }
  const files = layers.map(({ file }) => file)
  return { ...settings, dataDir, files, added }
}

function readEnvFile(
  file: string,
  seen: SeenFiles,
  warnings: string[],
): Record<string, string> | undefined {
  try {
    const text = readSeen(file, seen)
    const values = parsedEnvFile(text)
    const lost = lostLines(text, values)
    if (lost.length > 0) {
      warnings.push(`${file}: no NAME=VALUE, so not read: line ${lost.join(', ')}`)
    }
    for (const name of tooLate) {
      if (values[name]) {
        warnings.push(
          `${file}: ${name} comes too late here: Node reads it from the environment alone`,
        )
      }
    }
    return values
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // the code that needs the folder reports a file in its place
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    warnings.push(`${file}: ${whyUnreadable(error)}; nothing of it is used`)
    return undefined
  }
}

/** A lone CR, as some editors end lines, would make one value of all that follows it. */
export function parsedEnvFile(text: string): Record<string, string> {
  return util.parseEnv(text.replaceAll(/\r\n?/g, '\n')) as Record<string, string>
}

/** The numbers of lines that set no variable, such as `NAME: value`. A value in quotes may have several lines. */
function lostLines(text: string, values: Record<string, string>): number[] {
  const long = Object.values(values).filter((value) => value.includes('\n'))
  return text.split(/\r\n?|\n/).flatMap((line, index) => {
    const bare = line.trim()
    if (bare === '' || bare.startsWith('#') || assignment.test(bare)) return []
    const [part = ''] = bare.split(/["'`]/)
    return long.some((value) => value.includes(part)) ? [] : index + 1
  })
}

const assignment = /^(?:export\s+)?[A-Za-z_][\w.-]*\s*=/

/** Docker's `--env-file` leaves quotes where they are. */
function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2')
}
