/**
 * Stands in for lib/store/load-module.ts in the built program, as a file of its own: where V8's code of a script was kept, Node 20 no
 * longer finds out whose `import()` it is, and refuses it.
 */
'use strict'

exports.loadModule = (name) => import(name)
