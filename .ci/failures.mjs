// node failures.mjs NAME FILE: prints each test of a JSON report of vitest that failed, at least at first, with its
// messages; with --run-failed also that the run failed where no test of it did.
import { readFileSync } from 'node:fs'

const [run, file, option] = process.argv.slice(2)
const shortened = (text) =>
  text
    .split('\n')
    .filter((line) => !line.includes('node_modules/vitest'))
    .slice(0, 12)
    .join('\n')
    .slice(0, 1500)
const lines = []
let hasFailed = false
for (const { name, status, message, assertionResults } of JSON.parse(readFileSync(file, 'utf8'))
  .testResults) {
  hasFailed ||= status === 'failed'
  if (status === 'failed' && assertionResults.length === 0) lines.push(`${run}: ${name}`, message)
  for (const test of assertionResults) {
    if (test.status === 'passed' && test.failureMessages.length === 0) continue
    const outcome = test.status === 'passed' ? 'passed at the second attempt' : test.status
    lines.push(`${run}: ${name}: ${test.fullName} (${outcome})`, ...test.failureMessages.map(shortened))
  }
}
if (option === '--run-failed' && !hasFailed) lines.push(`${run}: no test failed, the run did`)
for (const line of lines) process.stdout.write(`${line}\n`)
