// node failures.mjs NAME FILE: prints each test of a JSON report of vitest that did not pass, with its message.
import { readFileSync } from 'node:fs'

const [run, file] = process.argv.slice(2)
const lines = []
for (const { name, status, message, assertionResults } of JSON.parse(readFileSync(file, 'utf8'))
  .testResults) {
  if (status === 'failed' && assertionResults.length === 0) lines.push(`${run}: ${name}`, message)
  for (const test of assertionResults.filter((result) => result.status !== 'passed')) {
    lines.push(`${run}: ${name}: ${test.fullName} (${test.status})`)
    lines.push(...test.failureMessages.map((text) => text.split('\n').slice(0, 12).join('\n').slice(0, 1500)))
  }
}
if (lines.length === 0) lines.push(`${run}: no test failed, the run did`)
process.stdout.write(`${lines.join('\n')}\n`)
