/** The unit of deploy/, as docs/deploy.md has it installed in /etc. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Sandbox } from './sandbox.ts'

const file = path.join('etc', 'systemd', 'system', 'droid2api.service')

/** That the unit runs what `npm install --global` makes, keeps its login and its limits, and is enabled and looked at. */
export function checkUnit({ root, calls }: Sandbox): void {
  const unit = readFileSync(path.join(root, file), 'utf8')
  const settings = new Map(
    Array.from(unit.matchAll(/^(\w+)=(.*)$/gm), ([, key, value]) => [key!, value!]),
  )
  assert.equal(settings.get('ExecStart'), 'droid2api')
  assert.equal(settings.get('EnvironmentFile'), '-/etc/droid2api.env')
  assert.equal(settings.get('DynamicUser'), 'yes')
  assert.match(settings.get('Environment') ?? '', /DATA_DIR=\/var\/lib\/droid2api$/)
  assert.equal(settings.get('StateDirectory'), 'droid2api')
  assert.match(settings.get('MemoryMax') ?? '', /^\d+M$/)
  assert.equal(settings.get('RestartPreventExitStatus'), '2 78')
  // systemd gives up after five starts in ten seconds
  assert.ok(Number(settings.get('RestartSec')) > 2)
  verify(root, unit)
  const told = calls().filter(({ name }) => name !== 'sudo')
  assert.deepEqual(
    told.map(({ name, args }) => [name, ...args].join(' ')),
    ['systemctl daemon-reload', 'systemctl enable --now droid2api', 'journalctl -u droid2api -f'],
  )
}

/** By systemd itself, where it is; it wants a program that is there. */
function verify(root: string, unit: string): void {
  if (spawnSync('systemd-analyze', ['--version']).error) return
  const here = path.join(root, file)
  writeFileSync(here, unit.replace('ExecStart=droid2api', `ExecStart=${process.execPath}`))
  const said = execFileSync('systemd-analyze', ['verify', here], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  assert.equal(said, '')
}
