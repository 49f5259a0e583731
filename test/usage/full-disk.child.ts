/** Adds rows to the folder of its argument, where files may grow to a few blocks alone, and prints which it was given back. */
import { UsageFolder } from '../../lib/usage/folder.ts'
import { noCounts, type Row } from '../../lib/usage/row.ts'

const place = { day: '2026-11-28', client: 'none', endpoint: 'e', account: 'default' }
const rows = Array.from({ length: 40 }, (_, index): Row => ({
  ...place,
  model: `model-${index}`,
  ...noCounts(),
  requests: 1,
}))
const folder = new UsageFolder(process.argv[2]!, () => new Date(2026, 10, 28, 12).getTime())
const { left, fault } = await folder.append(rows)
process.stdout.write(
  JSON.stringify({ left: left.map(({ model }) => model), fault: fault?.message }),
)
