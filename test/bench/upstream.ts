/**
 * The bench's upstream, which answers as fast as it can, in a process of its own: in the API of the path. A message of its parent
 * says what: an empty one a JSON body; `events=N` for a stream of N events, `of=text|reasoning|arguments`;
 * `burst=B` for B events a write, each its own HTTP chunk as providers send them; `every=MS` for one event at a time, with the
 * moment it was sent in its text.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { apiAt, type BenchApi, type BenchStream, type Content } from './apis.ts'

const text = ' hello'

/** As it goes over the connection. */
interface Wire extends BenchStream {
  begin: Buffer
  /** one event of a burst */
  word: Buffer
}

const bodies = new Map<BenchApi, Buffer>()
const wires = new Map<BenchStream, Wire>()

function bodyOf(api: BenchApi): Buffer {
  const known = bodies.get(api)
  if (known) return known
  const json = JSON.stringify(api.body)
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}`
  const body = Buffer.from(`${head}\r\n\r\n${json}`)
  bodies.set(api, body)
  return body
}

function wireOf(stream: BenchStream): Wire {
  const known = wires.get(stream)
  if (known) return known
  const head =
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'
  const begin = Buffer.from(`${head}${stream.head.map(chunk).join('')}`)
  const { pieces = 1 } = stream
  const wire = { ...stream, begin, word: Buffer.from(chunk(stream.text(text.repeat(pieces)))) }
  wires.set(stream, wire)
  return wire
}

let wish = new URLSearchParams()
process.on('message', (wanted: string) => {
  wish = new URLSearchParams(wanted)
  process.send?.('taken')
})

/** HTTP is spoken by hand, so that this process costs next to nothing. */
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  let got = ''
  let missing = 0
  socket.on('data', (piece: Buffer) => {
    if (missing > 0) missing -= piece.length
    else {
      got += piece.toString('latin1')
      const end = got.indexOf('\r\n\r\n')
      if (end === -1) return
      const length = Number(/content-length: (\d+)/i.exec(got)?.[1] ?? 0)
      missing = length - (got.length - end - 4)
    }
    if (missing > 0) return
    const [, path = ''] = /^\S+ ([^?\s]*)/.exec(got) ?? []
    got = ''
    void answer(socket, apiAt(path), wish)
  })
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())

async function answer(socket: Socket, api: BenchApi, wanted: URLSearchParams): Promise<void> {
  const events = Number(wanted.get('events') ?? 0)
  if (events === 0) {
    socket.write(bodyOf(api))
    return
  }
  const wire = wireOf(api.streams[(wanted.get('of') ?? 'text') as Content])
  socket.write(wire.begin)
  const every = Number(wanted.get('every') ?? 0)
  const all =
    every > 0
      ? await paced(socket, wire, events, every)
      : await bursts(socket, wire, events, Number(wanted.get('burst') ?? 64))
  socket.write(`${wire.tail(all).map(chunk).join('')}0\r\n\r\n`)
}

/** All text that was sent. */
async function bursts(
  socket: Socket,
  { word }: Wire,
  events: number,
  burst: number,
): Promise<string> {
  const full = Buffer.concat(Array.from({ length: burst }, () => word))
  for (let sent = 0; sent < events && !socket.destroyed; sent += burst) {
    const piece = events - sent >= burst ? full : full.subarray(0, (events - sent) * word.length)
    if (socket.write(piece)) await new Promise((resolve) => setImmediate(resolve))
    else await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve))
  }
  return text.repeat(events)
}

/** Likewise. */
async function paced(socket: Socket, wire: Wire, events: number, every: number): Promise<string> {
  const rest = Math.random() * every
  let all = ''
  await new Promise((resolve) => setTimeout(resolve, rest))
  for (let sent = 0; sent < events && !socket.destroyed; sent++) {
    const piece = ` at ${now()} `
    all += piece
    socket.write(chunk(wire.text(piece)))
    await new Promise((resolve) => setTimeout(resolve, every))
  }
  return all
}

/** ms, the same clock in every process of this machine */
function now(): string {
  return (Number(process.hrtime.bigint()) / 1e6).toFixed(3)
}

/** One event as one HTTP chunk. */
function chunk(event: string): string {
  return `${event.length.toString(16)}\r\n${event}\r\n`
}
