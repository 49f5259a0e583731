/** Why an address cannot be listened on, in one line for the user. */

/** In: what `listen` failed with. Out: what is wrong with which value, and which flag to change. */
export function cannotListen(error: NodeJS.ErrnoException, port: number, host: string): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Choose another with --port (or PORT).`
    case 'EACCES':
      return `Port ${port} needs more rights than this user has. Choose one above 1023 with --port (or PORT).`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `The address ${host} is not one of this machine's. Choose another with --host (or HOST).`
    default:
      return `Cannot listen on ${host}:${port}: ${error.message}`
  }
}
