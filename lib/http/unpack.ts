/**
 * Request bodies that came compressed, as Codex sends them where it takes its provider for OpenAI. Loaded for the first of them.
 */
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { ProxyError } from '../../pipelines/errors.ts'

type Unpack = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const inflate: Unpack = promisify(zlib.inflate)
const inflateRaw: Unpack = promisify(zlib.inflateRaw)
const gunzip: Unpack = promisify(zlib.gunzip)

const unpackers = new Map<string, Unpack>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', (bytes, options) => (isWrapped(bytes) ? inflate : inflateRaw)(bytes, options)],
  ['br', promisify(zlib.brotliDecompress)],
])
// Node has it from 22.15 on
if ('zstdDecompress' in zlib) {
  unpackers.set('zstd', promisify(zlib.zstdDecompress as typeof zlib.gunzip))
}

/** Whether "deflate" came in the frame of zlib, as it should; some send it bare. Source: RFC 1950 §2.2. */
function isWrapped(bytes: Buffer): boolean {
  return bytes.length > 1 && (bytes[0]! & 15) === 8 && bytes.readUInt16BE() % 31 === 0
}

/** How large a body may be, and the error for a larger one. */
interface Limit {
  maxBytes: number
  tooLarge: (maxBytes: number) => ProxyError
}

/** More have no use. */
const mostLayers = 2

/**
 * The body behind a `content-encoding`. It never grows beyond the limit, however much is packed into it. Throws ProxyError 415 for
 * an encoding that is not known, 413 for too large a body, 400 for one that cannot be unpacked.
 */
export async function unpack(bytes: Buffer, encoding: string, limit: Limit): Promise<Buffer> {
  const names = encoding.split(',').map((name) => name.trim().toLowerCase())
  const packed = names.filter((name) => name !== '' && name !== 'identity')
  if (packed.length > mostLayers) throw unknownEncoding(encoding)
  const layers = packed.toReversed().map((name) => ({ name, unpacker: unpackers.get(name) }))
  if (layers.some(({ unpacker }) => unpacker === undefined)) throw unknownEncoding(encoding)
  return await inTurn(async () => {
    let body = bytes
    for (const { name, unpacker } of layers) {
      body = await unpackOne(body, { name, unpacker: unpacker! }, limit)
    }
    return body
  })
}

let before: Promise<unknown> = Promise.resolve()

/** One at a time: a few KB may become as much as the limit allows, and many at once would take all memory. */
function inTurn(work: () => Promise<Buffer>): Promise<Buffer> {
  const done = before.then(work)
  before = done.catch(() => undefined)
  return done
}

async function unpackOne(
  bytes: Buffer,
  { name, unpacker }: { name: string; unpacker: Unpack },
  { maxBytes, tooLarge }: Limit,
): Promise<Buffer> {
  try {
    return await unpacker(bytes, { maxOutputLength: maxBytes })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes)
    const message = `The request body cannot be unpacked as ${name}, which its content-encoding says it is.`
    throw new ProxyError(400, 'invalid_body', message, { cause })
  }
}

function unknownEncoding(encoding: string): ProxyError {
  const taken = [...unpackers.keys()].join(', ')
  const isLacking = /zstd/i.test(encoding) && !unpackers.has('zstd')
  const how = isLacking
    ? `zstd needs Node 22.15 or later, and this is ${process.version}; Codex sends it no more with -c features.enable_request_compression=false`
    : 'send the JSON uncompressed'
  return new ProxyError(
    415,
    'unsupported_content_encoding',
    `Request bodies with content-encoding ${JSON.stringify(encoding.slice(0, 40))} are not taken (${taken} are); ${how}.`,
  )
}
