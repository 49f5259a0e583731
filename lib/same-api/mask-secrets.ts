/**
 * Bytes -> the same bytes with every secret overwritten by `*`: for what an upstream says of a key that it refused. The
 * length stays, so that a `content-length` holds; as many bytes as may be the beginning of a secret wait for the next piece.
 */
import { Transform, type TransformCallback } from 'node:stream'

/** `secrets` are not empty. */
export function maskSecrets(secrets: readonly string[]): Transform {
  const needles = secrets.map((secret) => Buffer.from(secret))
  const longest = Math.max(...needles.map(({ length }) => length))
  let waiting = Buffer.alloc(0)
  return new Transform({
    transform(piece: Buffer, _encoding, done: TransformCallback) {
      const bytes = Buffer.concat([waiting, piece])
      for (const needle of needles) overwrite(bytes, needle)
      const ready = Math.max(0, bytes.length - longest + 1)
      waiting = bytes.subarray(ready)
      done(null, bytes.subarray(0, ready))
    },
    flush(done) {
      done(null, waiting)
    },
  })
}

function overwrite(bytes: Buffer, needle: Buffer): void {
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at)) {
    bytes.fill('*', at, at + needle.length)
  }
}
