/**
 * Loads what is no part of the built program: a package that is asked for seldom, or a file beside it. All of that goes through
 * here, as bin/build/load-module.cjs does it there.
 */
export function loadModule(name: string): Promise<unknown> {
  return import(name)
}
