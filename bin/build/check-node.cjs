/**
 * Ends with one line where Node is too old for this program. It runs before all that starts or builds the program, so any Node
 * must understand it: nothing in it is younger than 2015.
 */
'use strict'
var version = process.version.slice(1).split('.').map(Number)
var isTooOld = version[0] < 20 || (version[0] === 20 && version[1] < 19)
if (isTooOld) {
  process.stderr.write(
    'droid2api needs Node 20.19 or newer; this is ' +
      process.version +
      '. Install a newer one from https://nodejs.org/en/download\n',
  )
  process.exit(1)
}
