/**
 * `npm run record`: runs the demo and Claude Code on it in two terminals, and draws what they show as docs/recording.svg. Needs
 * Linux's `script`, and `claude` in PATH; nothing leaves this machine.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { framesOf } from './frames.ts'
import { Pane } from './pane.ts'
import { svgOf } from './svg.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')
const [columns, rows, lowerRows] = [92, 28, 18]

const home = mkdtempSync(path.join(tmpdir(), 'droid2api-'))
const project = path.join(home, 'project')
mkdirSync(project)
writeFileSync(path.join(project, 'notes.md'), '# Notes\n\nWater the plants on Friday.\n')
// as after a first start, which asks for colours and for trust in the folder
writeFileSync(
  path.join(home, '.claude.json'),
  JSON.stringify({
    hasCompletedOnboarding: true,
    theme: 'dark',
    projects: { [project]: { hasTrustDialogAccepted: true } },
  }),
)
const env = {
  PATH: process.env.PATH,
  HOME: home,
  npm_config_progress: 'false',
  npm_config_update_notifier: 'false',
  DISABLE_AUTOUPDATER: '1',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
}

const upper = new Pane({ rows, columns, cwd: packageDir, env })
const lower = new Pane({ rows: lowerRows, columns, cwd: project, env })
try {
  await Promise.all([upper.shows(/\$ /), lower.shows(/\$ /)])
  await upper.type('npm run demo')
  await upper.shows(/-d '.*\r?\n/)
  await sleep(2500)
  const switched = performance.now()
  await claudeSession()
  await sleep(3000)
  const frames = framesOf({
    upper: upper.written,
    lower: lower.written,
    switched,
    rows,
    lowerRows,
    columns,
    packageDir,
  })
  const svg = svgOf(frames, { rows, columns })
  writeFileSync(path.join(packageDir, 'docs', 'recording.svg'), svg)
  process.stdout.write(
    `docs/recording.svg: ${frames.length} frames, ${Math.round(svg.length / 1000)} kB\n`,
  )
} finally {
  await Promise.all([upper.end(), lower.end()])
  rmSync(home, { recursive: true, force: true, maxRetries: 9, retryDelay: 200 })
}

async function claudeSession(): Promise<void> {
  await sleep(700)
  await lower.type('export ANTHROPIC_BASE_URL=http://localhost:3000 ANTHROPIC_AUTH_TOKEN=any')
  await lower.type('claude --model gpt-5.4')
  await lower.shows(/for shortcuts|for\s*shortcuts/)
  await sleep(1500)
  await asked('Read the file notes.md')
  await asked('/model gemini-3-pro', /Yes, ?switch/)
  // yes
  await lower.type('')
  await sleep(1500)
  await asked('Hello, who answers?')
}

/** Until Claude Code says how long it took. */
async function asked(prompt: string, answered = /✻ ?\S+ ?for ?\d+s/): Promise<void> {
  const from = performance.now()
  await lower.type(prompt)
  await lower.shows(answered, from)
  await sleep(2000)
}
