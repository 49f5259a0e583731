/** zstd of Node's own, where it has it: from 22.15 on. */
import * as zlib from 'node:zlib'

export const zstd =
  'zstdCompressSync' in zlib ? (zlib.zstdCompressSync as typeof zlib.gzipSync) : undefined
