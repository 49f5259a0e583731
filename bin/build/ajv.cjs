/**
 * Stands in for ajv in the built program: env-schema calls it as it would call ajv, and gets validators that were compiled at
 * build time. Loading ajv and compiling at every start takes 50 ms and 8 MB (`npm run bench` has the rows "memory idle" and
 * "start to first answer").
 */
'use strict'

const validators = require('compiled-validators')

module.exports = class CompiledAjv {
  errors = null

  /** What env-schema checks this way, when it is loaded, are the options it is called with; our compiler did that. */
  compile() {
    return () => true
  }

  validate(schema, data) {
    const validator = validators[schema.$id]
    const valid = validator(data)
    this.errors = validator.errors
    return valid
  }

  /** The message of an error whose `errors` are what counts. */
  errorsText(errors) {
    return `${errors.length} faults`
  }
}
