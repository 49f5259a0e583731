/**
 * Compiles the program, dist/bin/main.cjs: a function that takes what Node gives to a CommonJS module. Where the build has
 * kept V8's code of it for this very Node (keep-code.cjs), V8 reads that instead of the source. The rows "start to first
 * answer" and "memory idle" of `npm run bench` measure what it saves. V8 refuses code of another version, and code made under
 * other flags of its own; it then compiles the source.
 *
 * This stands in the launcher, which any Node must understand: nothing in it is younger than 2015.
 */
'use strict'
var fs = require('fs')
var path = require('path')
var vm = require('vm')

/** The file with V8's code; `hash`: of main.cjs, of which V8 itself compares nothing but the length. */
function codeFile(hash) {
  return ['main', hash, process.version, process.platform, process.arch].join('-') + '.cache'
}

/** Undefined where none was kept for this Node, another user kept it for themselves, or a build has just removed it. */
function keptCode(file) {
  try {
    return bytesOf(file)
    // oxlint-disable-next-line no-unused-vars -- a catch without a name is younger than 2015
  } catch (error) {
    return undefined
  }
}

/**
 * A file's bytes in memory that goes back to the system with them: an idle process takes 2.7 MB less (bench: "memory idle"). What a
 * Buffer takes goes back to malloc, which keeps it as start.sh sets it. V8 gives what may grow pages of its own.
 */
function bytesOf(file) {
  var opened = fs.openSync(file, 'r')
  try {
    // of what was opened: a build puts another file in its place
    var size = fs.fstatSync(opened).size
    var bytes = Buffer.from(new ArrayBuffer(size, { maxByteLength: size }))
    for (var at = 0, read = 1; at < size && read > 0; at += read) {
      read = fs.readSync(opened, bytes, at, size - at)
    }
    return bytes
  } finally {
    fs.closeSync(opened)
  }
}

/** The script whose value is the program's function; `dir`: where main.cjs is. */
function compileProgram(dir, hash) {
  var file = path.join(dir, 'main.cjs')
  var options = { filename: file, cachedData: keptCode(path.join(dir, codeFile(hash))) }
  // the program is ASCII: read as Latin-1, V8 takes the bytes as they are
  return new vm.Script(bytesOf(file).toString('latin1'), options)
}

exports.codeFile = codeFile
exports.compileProgram = compileProgram
