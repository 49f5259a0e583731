/**
 * A process that renews its login without end and uses each token once: `USE_URL` hears of it. Run by the tests of two
 * processes and of sudden death. Its configuration is in its working folder.
 */
import { pino } from 'pino'
import { createAgents } from '../../lib/network/agents.ts'
import { openAccount } from '../../lib/account/account.ts'
import { loadConfig } from '../../lib/config/load.ts'

const { config } = loadConfig({
  flags: {},
  env: process.env,
  cwd: process.cwd(),
  packageDir: process.cwd(),
  homeDir: process.cwd(),
})
const account = openAccount({ config, log: pino({ level: 'silent' }), agents: createAgents() })
const rounds = Number(process.env.ROUNDS ?? Number.POSITIVE_INFINITY)

let token = await account.token()
for (let round = 0; round < rounds; round += 1) {
  await fetch(process.env.USE_URL!, { headers: { authorization: `Bearer ${token}` } })
  token = await account.renew(token!)
}
await account.stop()
