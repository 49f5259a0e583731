/** The time of a processor that this process takes, ms. A busy machine stretches it far less than the time on the clock. */
export async function cpuMsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
