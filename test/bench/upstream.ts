/**
 * The bench's upstream: a Messages API that answers as fast as it can, in a process of its own. The query says what:
 * nothing for a JSON body; `events=N` for a stream of N text events; `burst=B` for B events a write, each its own HTTP
 * chunk as providers send them; `every=MS` for one event at a time, with the moment it was sent in its text.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'

const message = {
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 1 },
}
const body = Buffer.from(
  JSON.stringify({
    ...message,
    content: [{ type: 'text', text: 'word '.repeat(100) }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 10, output_tokens: 100 },
  }),
)
const head = Buffer.concat([
  chunk({ type: 'message_start', message }),
  chunk({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
])
const tail = Buffer.concat([
  chunk({ type: 'content_block_stop', index: 0 }),
  chunk({
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { input_tokens: 10, output_tokens: 100 },
  }),
  chunk({ type: 'message_stop' }),
  Buffer.from('0\r\n\r\n'),
])
const word = textChunk(' hello')

const jsonAnswer = Buffer.concat([
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
  ),
  body,
])
const streamHead = Buffer.concat([
  Buffer.from(
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
  ),
  head,
])

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
    const query = new URLSearchParams(/\?(\S*)/.exec(got.slice(0, got.indexOf('\r\n')))?.[1])
    got = ''
    void answer(socket, query)
  })
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())

async function answer(socket: Socket, query: URLSearchParams): Promise<void> {
  const events = Number(query.get('events') ?? 0)
  if (events === 0) {
    socket.write(jsonAnswer)
    return
  }
  socket.write(streamHead)
  const every = Number(query.get('every') ?? 0)
  if (every > 0) await paced(socket, events, every)
  else await bursts(socket, events, Number(query.get('burst') ?? 64))
  socket.write(tail)
}

async function bursts(socket: Socket, events: number, burst: number): Promise<void> {
  const full = Buffer.concat(Array.from({ length: burst }, () => word))
  for (let sent = 0; sent < events && !socket.destroyed; sent += burst) {
    const piece = events - sent >= burst ? full : full.subarray(0, (events - sent) * word.length)
    if (socket.write(piece)) await new Promise((resolve) => setImmediate(resolve))
    else await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve))
  }
}

async function paced(socket: Socket, events: number, every: number): Promise<void> {
  const rest = Math.random() * every
  await new Promise((resolve) => setTimeout(resolve, rest))
  for (let sent = 0; sent < events && !socket.destroyed; sent++) {
    socket.write(textChunk(` at ${now()} `))
    await new Promise((resolve) => setTimeout(resolve, every))
  }
}

/** ms, the same clock in every process of this machine */
function now(): string {
  return (Number(process.hrtime.bigint()) / 1e6).toFixed(3)
}

function textChunk(text: string): Buffer {
  return chunk({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
}

/** One event as one HTTP chunk. */
function chunk(event: Record<string, unknown>): Buffer {
  const text = `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`)
}
