#!/usr/bin/env node
// CommonJS on purpose: the thread pool's size is read at its first use, and loading an ES module already uses it.
process.env.UV_THREADPOOL_SIZE ??= '16'
void import('./main.js').then((cli) => cli.main(process.argv.slice(2)))
