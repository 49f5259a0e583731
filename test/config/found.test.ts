/** Where the configuration is found: files, `.env`, and how both are saved. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { decodeText } from '../../lib/config/text-file.ts'
import { tempDir } from '../helpers/temp-dir.ts'

interface Folders {
  program: string
  data: string
  cwd: string
  home: string
}

/** A machine: the program's folder, `DATA_DIR`, the current folder and a home. */
function folders(): Folders {
  const dir = realpathSync(tempDir())
  const made = { program: 'program', data: 'data', cwd: 'cwd', home: 'home' }
  for (const name of Object.values(made)) mkdirSync(path.join(dir, name))
  const all = Object.fromEntries(Object.keys(made).map((key) => [key, path.join(dir, key)]))
  writeFileSync(path.join(dir, 'program', 'config.json'), '{"port": 1}')
  return all as unknown as Folders
}

function load(
  { program, data, cwd, home }: Folders,
  env: Record<string, string> = {},
  config?: string,
) {
  return loadConfig({
    flags: { config },
    env: { DATA_DIR: data, ...env },
    cwd,
    packageDir: program,
    homeDir: home,
  })
}

function faultsOf(read: () => unknown): string {
  try {
    read()
    return ''
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
}

const ours = (port: number) => JSON.stringify({ port, models: [] })

test('contract §3: --config beats CONFIG_FILE, that DATA_DIR/config.json, that the program’s own', () => {
  const all = folders()
  const own = load(all).config
  writeFileSync(path.join(all.data, 'config.json'), '{"port": 2}')
  writeFileSync(path.join(all.cwd, 'variable.json'), '{"port": 3}')
  writeFileSync(path.join(all.cwd, 'flag.json'), '{"port": 4}')

  assert.equal(own.port, 1)
  assert.equal(load(all).config.port, 2)
  assert.equal(load(all, { CONFIG_FILE: 'variable.json' }).config.port, 3)
  assert.equal(load(all, { CONFIG_FILE: 'variable.json' }, 'flag.json').config.port, 4)
})

test('contract §3: the ~ of --config is the home, which no shell makes of it behind a =', () => {
  const all = folders()
  writeFileSync(path.join(all.home, 'mine.json'), '{"port": 5}')

  assert.equal(load(all, {}, '~/mine.json').config.port, 5)
})

test('O41: a config.json that merely lies in the current folder is not read, and said to be so', () => {
  const all = folders()
  const file = path.join(all.cwd, 'config.json')
  writeFileSync(file, ours(9))

  const { config, warnings } = load(all)

  assert.equal(config.port, 1)
  assert.deepEqual(warnings, [
    `${file} is not read, since it only lies in the current folder: --config ${file} reads it`,
  ])
  assert.equal(load(all, {}, 'config.json').config.port, 9)
  writeFileSync(path.join(all.cwd, 'asked.json'), ours(8))
  assert.doesNotMatch(load(all, {}, 'asked.json').warnings.join(), /only lies/)
})

test('contract §3: nothing is said of another program’s config.json, or of the program’s own', () => {
  const all = folders()
  writeFileSync(path.join(all.cwd, 'config.json'), '{"compilerOptions": {}}')

  assert.deepEqual(load(all).warnings, [])
  assert.deepEqual(load({ ...all, cwd: all.program }).warnings, [])
  // as in a clone, beside a configuration of one's own
  writeFileSync(path.join(all.program, 'config.json'), ours(1))
  writeFileSync(path.join(all.data, 'config.json'), '{"port": 2}')
  assert.deepEqual(load({ ...all, cwd: all.program }).warnings, [])
})

test('contract §3: .env of DATA_DIR beats that of the program’s folder; the environment beats both', () => {
  const all = folders()
  writeFileSync(path.join(all.program, '.env'), 'PORT=11\nHOST=127.0.0.11\nLOG_LEVEL=warn\nX=1')
  writeFileSync(path.join(all.data, '.env'), 'PORT=12\nHOST=127.0.0.12')

  const { config, added } = load(all, { PORT: '13', LOG_LEVEL: '' })

  assert.equal(config.port, 13)
  assert.equal(config.host, '127.0.0.12')
  assert.equal(config.log_level, 'warn')
  assert.deepEqual(config.env_files, [path.join(all.program, '.env'), path.join(all.data, '.env')])
  assert.deepEqual(added, { HOST: '127.0.0.12', LOG_LEVEL: 'warn', X: '1' })
})

test('contract §3: a .env in the current folder is nobody’s', () => {
  const all = folders()
  writeFileSync(path.join(all.cwd, '.env'), 'PORT=11\nFACTORY_API_KEY=fk-of-somebody-else')

  const { config } = load(all)

  assert.equal(config.port, 1)
  assert.equal(config.secrets.factory_api_key, undefined)
})

test('contract §3: the program’s .env can say where DATA_DIR is; paths in it begin at its folder', () => {
  const all = folders()
  const elsewhere = path.join(all.program, 'kept')
  mkdirSync(elsewhere)
  writeFileSync(path.join(all.program, '.env'), 'DATA_DIR=./kept\nCONFIG_FILE=mine.json')
  writeFileSync(path.join(all.program, 'mine.json'), '{"port": 7}')
  writeFileSync(path.join(elsewhere, '.env'), 'FACTORY_API_KEY=fk-kept-there')

  const { config } = load(all, { DATA_DIR: '' })

  assert.equal(config.data_dir, elsewhere)
  assert.equal(config.port, 7)
  assert.equal(config.secrets.factory_api_key, 'fk-kept-there')
})

test('contract §3: a fault in a .env is blamed on the variable and its file', () => {
  const all = folders()
  const file = path.join(all.data, '.env')
  writeFileSync(file, 'PORT=abc\nTOKEN_URL=nowhere\nAPI_KEYS=,\nNODE_EXTRA_CA_CERTS=/ca.pem')

  const said = faultsOf(() => load(all))

  assert.match(said, new RegExp(`^${file}: PORT is "abc", expected a whole number$`, 'm'))
  assert.match(said, new RegExp(`^${file}: TOKEN_URL is "nowhere", expected an http`, 'm'))
  assert.match(said, new RegExp(`^${file}: API_KEYS holds no key$`, 'm'))
  assert.match(said, new RegExp(`^${file}: NODE_EXTRA_CA_CERTS comes too late here`, 'm'))
})

test('contract §3: a .env that cannot be read is a warning', () => {
  const all = folders()
  mkdirSync(path.join(all.data, '.env'))

  assert.match(load(all).warnings.join(), /\.env: this is a folder, not a file .* nothing of it is/)
})

const asSaved: [how: string, bytes: (text: string) => Buffer][] = [
  ['with the line ends of Windows', (text) => Buffer.from(text.replaceAll('\n', '\r\n'))],
  ['in UTF-8 with a mark', (text) => Buffer.from(`\uFEFF${text}`)],
  ['in UTF-16', (text) => Buffer.from(`\uFEFF${text.replaceAll('\n', '\r\n')}`, 'utf16le')],
  ['in UTF-16 without a mark', (text) => Buffer.from(text, 'utf16le')],
  ['in UTF-16, big end first', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
]

for (const [how, bytes] of asSaved) {
  test(`KO4: configuration, .env and secrets are read ${how}`, () => {
    const all = folders()
    const secret = path.join(all.data, 'key')
    writeFileSync(path.join(all.data, 'config.json'), bytes('{\n  // mine\n  "port": 5\n}\n'))
    writeFileSync(path.join(all.data, '.env'), bytes('DROID_REFRESH_KEY=rt-one\nHOST=::1\n'))
    writeFileSync(secret, bytes('fk-of-a-file\n'))
    writeFileSync(path.join(all.data, 'keys'), bytes('key-a-0815\nkey-b-0815\n'))

    const { config } = load(all, {
      FACTORY_API_KEY_FILE: secret,
      API_KEYS_FILE: path.join(all.data, 'keys'),
    })

    assert.equal(config.port, 5)
    assert.equal(config.host, '::1')
    assert.deepEqual(config.secrets, {
      factory_api_key: 'fk-of-a-file',
      droid_refresh_key: 'rt-one',
    })
    assert.deepEqual(config.api_keys, ['key-a-0815', 'key-b-0815'])
  })
}

test('O19: a folder where a configuration or a secret should be is called one, with its path', () => {
  const all = folders()
  const folder = path.join(all.data, 'config.json')
  mkdirSync(folder)
  const isFolder = (asked: string) =>
    new RegExp(`${asked}.*${folder}: this is a folder, not a file`)

  assert.match(
    faultsOf(() => load(all)),
    isFolder(''),
  )
  assert.match(
    faultsOf(() => load(all, { CONFIG_FILE: folder })),
    isFolder('CONFIG_FILE'),
  )
  assert.match(
    faultsOf(() => load(all, {}, folder)),
    isFolder('--config'),
  )
  for (const name of ['FACTORY_API_KEY', 'DROID_REFRESH_KEY', 'API_KEYS', 'TOKEN_STORE']) {
    const said = faultsOf(() => load(all, { [`${name}_FILE`]: folder }))
    assert.match(said, isFolder(`environment: ${name}_FILE names `))
  }
})

test('O19: a DATA_DIR that is a file is called one, once', () => {
  const all = folders()
  const file = path.join(all.home, 'file')
  writeFileSync(file, '')

  const { warnings } = load(all, { DATA_DIR: file })
  assert.equal(warnings.length, 1, warnings.join())
  assert.match(warnings.join(), /environment: DATA_DIR names .*file, which is a file, not a folder/)
})

const noJson: [what: string, name: string, text: string, said: RegExp][] = [
  [
    'YAML',
    'app.yaml',
    'port: 3000\nmodels: []\n',
    /app\.yaml: this is YAML; the configuration is JSON/,
  ],
  ['YAML by another name', 'config.json', '# mine\nport: 3000\n', /this is YAML/],
  ['TOML', 'app.toml', 'port = 3000\n', /this is TOML/],
  ['TOML by another name', 'config.json', '[server]\nport = 3000\n', /this is TOML/],
  ['an empty file', 'config.json', ' \n', /config\.json: the file is empty/],
  ['a cut file', 'config.json', '{"port": 1', /:1:11: not valid JSON: it ends too early/],
  ['single quotes', 'config.json', "{'port': 1}", /:1:2: not valid JSON: texts stand in double/],
  ['bare keys', 'config.json', '{\n port: 1}', /:2:2: not valid JSON: keys stand in double quotes/],
  ['a comma that is missing', 'config.json', '{"port": 1\n "host": ""}', /a comma is missing/],
  ['a lone comma', 'config.json', '{"models": [,]}', /:1:14: not valid JSON: .* comma too many/],
  ['Python’s words', 'config.json', '{"dev_mode": True}', /write true, false or null/],
  ['a Windows path', 'config.json', String.raw`{"auth": {"file": "C:\me"}}`, /backslash .* twice/],
  [
    'a comment of a shell',
    'config.json',
    '{\n# mine\n"port": 1}',
    /:2:1: .* comment begins with \/\//,
  ],
  ['curly quotes', 'config.json', '{“port”: 1}', /quotes must be straight/],
  ['a text over two lines', 'config.json', '{"system_prompt": "a\nb"}', /a text ends on its line/],
  ['a comment without end', 'config.json', '{ /* "port": 1}', /this comment does not end/],
]

for (const [what, name, text, said] of noJson) {
  test(`O8: ${what} is told as what it is`, () => {
    const all = folders()
    writeFileSync(path.join(all.cwd, name), text)

    const message = faultsOf(() => load(all, {}, name))

    assert.match(message, said)
    assert.equal(message.split('\n').length, 1)
  })
}

test('O8: JSON with comments, commas at the end and a $schema is read, texts in it as they are', () => {
  const all = folders()
  const text = `{
    "$schema": "https://example.test/config.schema.json", // which
    /* several
       lines */
    "system_prompt": "http://a/*b*/ // c, ]",
    "api_keys": ["key-a-0815", /* one */ "key-b-0815", ], // two
  }`
  writeFileSync(path.join(all.cwd, 'mine.json'), text)

  const { config, warnings } = load(all, {}, 'mine.json')

  assert.equal(config.system_prompt, 'http://a/*b*/ // c, ]')
  assert.deepEqual(config.api_keys, ['key-a-0815', 'key-b-0815'])
  assert.deepEqual(warnings, [])
})

test('O8: a fault behind a comment has its place in the file as it is written', () => {
  const all = folders()
  writeFileSync(path.join(all.cwd, 'mine.json'), '{ /* a\n b */ "port": 1, // c\n  "host" "x" }')

  assert.match(
    faultsOf(() => load(all, {}, 'mine.json')),
    /mine\.json:3:10: not valid JSON/,
  )
})

test('contract §3: no message about a broken file quotes it', () => {
  const all = folders()
  const broken = ['{"api_keys": [hunter2]}', '{"api_keys": ["hunter2}', "{'hunter2': 1}", 'hunter2']
  for (const text of broken) {
    writeFileSync(path.join(all.cwd, 'mine.json'), text)

    assert.doesNotMatch(
      faultsOf(() => load(all, {}, 'mine.json')),
      /hunter2/,
    )
  }
})

test('contract §3: the shipped file is read where there is no other', () => {
  const all = folders()
  const packageDir = path.join(import.meta.dirname, '..', '..')
  const shipped = JSON.parse(readFileSync(path.join(packageDir, 'config.json'), 'utf8')) as {
    models: unknown[]
  }

  const { config } = load({ ...all, program: packageDir })

  assert.equal(config.models.length, shipped.models.length)
})

test('contract §3: a key that stands twice in the file is named with its line; the last one counts', () => {
  const all = folders()
  const file = path.join(all.data, 'config.json')
  writeFileSync(
    file,
    `{
  "port": 2, // "port": 9
  "models": [],
  "model_redirects": { "a:{": "x", "b": "x",
    "a:\\u007b": "y" },
  "endpoints": [{ "name": "one", "preset": "ollama" },
    { "name": "two", "preset": "vllm", "headers": {}, "headers": { "x-a": "port" } }],
  "port": 3
}`,
  )

  const { config, warnings } = load(all)

  assert.equal(config.port, 3)
  assert.deepEqual(
    warnings.filter((text) => text.includes('second time')).map((text) => text.replace(file, '')),
    [
      ':5: model_redirects.a:{ stands here a second time; the last one counts',
      ':7: endpoints[1].headers stands here a second time; the last one counts',
      ':8: port stands here a second time; the last one counts',
    ],
  )
})

test('contract §3.2: a line of a .env that sets nothing is named by its number alone', () => {
  const all = folders()
  const file = path.join(all.data, '.env')
  writeFileSync(
    file,
    `# mine
export PORT=12
API_KEYS: of-a-yaml-file
$env:API_KEYS="of-a-powershell"
set API_KEYS=of-a-cmd
CERT="-----BEGIN
of two lines
-----END" # done
ONE='it = one'
`,
  )

  const { config, warnings } = load(all)

  assert.equal(config.port, 12)
  assert.deepEqual(warnings, [`${file}: no NAME=VALUE, so not read: line 3, 4, 5`])
})

test('KO4: a .env whose lines end in CR alone has all its variables', () => {
  const all = folders()
  writeFileSync(path.join(all.data, '.env'), 'PORT=12\rFACTORY_API_KEY=fk-behind-a-cr\r')

  const { config } = load(all)

  assert.deepEqual([config.port, config.secrets.factory_api_key], [12, 'fk-behind-a-cr'])
})

test('contract §3.2: a name of a .env that is almost one of ours is named, unless that is set', () => {
  const all = folders()
  const file = path.join(all.data, '.env')
  writeFileSync(file, 'API_KEY=one-key-of-mine\nADMIN_KEYS=another\nPOST=1\nPATHS=2\nXAI_API_KEY=3')

  assert.deepEqual(load(all, { ADMIN_KEY: 'the-key-of-who-looks', HOSTS: 'a' }).warnings, [
    `${file}: API_KEY is not read; did you mean API_KEYS?`,
    `${file}: POST is not read; did you mean PORT?`,
  ])
})

const needsKey = (preset: string, env: string) =>
  JSON.stringify({
    endpoints: [{ name: 'own', preset, auth: { env } }],
    models: [{ name: 'One', id: 'one', type: 'common', endpoint: 'own' }],
  })

const setElsewhere: [what: string, preset: string, env: Record<string, string>, said: RegExp][] = [
  [
    'misspelt',
    'groq',
    { MYKEY: 'x' },
    /^MY_KEY is not set; .* it; MYKEY is set: did you mean it\?$/,
  ],
  [
    'by an alias',
    'zai',
    { Z_AI_API_KEY: 'x' },
    /; Z_AI_API_KEY is set: name it in auth, as \{"env"/,
  ],
  ['nowhere', 'groq', { OTHER: 'x' }, /^MY_KEY is not set; endpoint own needs it$/],
]
for (const [what, preset, env, said] of setElsewhere) {
  test(`contract §3.5: of a key that is set ${what} the warning says so`, () => {
    const all = folders()
    writeFileSync(path.join(all.data, 'config.json'), needsKey(preset, 'MY_KEY'))

    assert.match(load(all, env).warnings.join('\n'), said)
  })
}

test('contract §3.2: a .env in the current folder with what is missing is not read, and said to be so', () => {
  const all = folders()
  const file = path.join(all.cwd, '.env')
  writeFileSync(path.join(all.data, 'config.json'), needsKey('groq', 'MY_KEY'))
  writeFileSync(
    file,
    'MY_KEY=gsk-of-mine\nAPI_ACCESS_KEY=of-mine-0815\nFACTORY_API_KEY=fk-of-mine\nPORT=4\nADMIN_KEY=',
  )
  const data = path.join(all.data, '.env')

  const { warnings } = load(all)

  assert.equal(
    warnings.at(-1),
    `${file} is not read, since it only lies in the current folder: put FACTORY_API_KEY, API_ACCESS_KEY, MY_KEY into ${data}`,
  )
  const set = { MY_KEY: 'gsk-x', FACTORY_API_KEY: 'fk-x', API_ACCESS_KEY: 'of-mine-0815' }
  assert.doesNotMatch(load(all, set).warnings.join(), /only lies/)
  assert.deepEqual(load({ ...all, cwd: all.program }).warnings.slice(1), [])
})

test('contract §3.2: a .env in the current folder that is a pipe is left alone', (t) => {
  const all = folders()
  const file = path.join(all.cwd, '.env')
  const options = { env: { ...process.env, FILE: file } }
  execFileSync('sh', ['-c', 'mkfifo "$FILE"'], options)
  // so that a reader would get something, in place of waiting for ever
  const writer = spawn('sh', ['-c', 'echo FACTORY_API_KEY=fk-of-a-pipe > "$FILE"'], options)
  t.after(() => writer.kill())

  assert.doesNotMatch(load(all).warnings.join(), /only lies/)
})

test('KO4: a file in UTF-16 that was cut in the middle of a letter is read up to there', () => {
  const whole = Buffer.from('\uFEFF{"port": 1}', 'utf16le')

  assert.equal(decodeText(Buffer.concat([whole.swap16(), Buffer.from([0])])), '{"port": 1}')
})

test('KO9: what a short reference stood for does not blank the words of other faults', () => {
  const all = folders()
  const headers = { 'x-a': '${SHORT}' }
  const endpoint = { name: 'own', base_url: 'http://127.0.0.1:1', headers }
  writeFileSync(
    path.join(all.data, 'config.json'),
    JSON.stringify({ port: 70_000, endpoints: [endpoint] }),
  )

  assert.match(
    faultsOf(() => load(all, { SHORT: '700' })),
    /port is 70000, expected a number <= 65535/,
  )
})

test('contract §3.2: a program’s folder that is DATA_DIR, too, has its .env read once', () => {
  const all = folders()
  writeFileSync(path.join(all.program, '.env'), 'nothing here\nPORT=7')

  const { config, warnings } = load({ ...all, data: all.program })

  assert.equal(config.env_files.length, 1)
  assert.equal(warnings.length, 1)
})

test('contract §3.5: what is told of a key once is not told as an unknown key again', () => {
  const all = folders()
  const endpoint = { nam: 'own', base_url: 'http://127.0.0.1:1', api_key: 'sk-0815' }
  const preset = { name: 'two', preset: 'constructor' }
  writeFileSync(
    path.join(all.data, 'config.json'),
    JSON.stringify({ endpoints: [endpoint, preset] }),
  )

  const said = faultsOf(() => load(all)).split('\n')

  assert.deepEqual(
    said.slice(0, 3).map((line) => /endpoints\[\d\]\.\w+ [^;,]+/.exec(line)?.[0]),
    [
      'endpoints[0].api_key is not a key of an endpoint',
      'endpoints[0].name is missing',
      'endpoints[1].preset is "constructor"',
    ],
  )
  assert.doesNotMatch(said.join(), /unknown key/)
})
