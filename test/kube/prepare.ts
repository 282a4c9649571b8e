/** First half of `npm run test:kube`: makes sure that an API server is at hand, and says how. The tests come after. */

import { assets, type Say } from './assets.ts'

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => stop.abort(new Error(`Ended by ${name}: nothing is kept of what had begun.`)))

const say: Say = (line) => void process.stderr.write(`${line}\n`)

try {
  const kubeconfig = process.env['TEST_KUBECONFIG'] ?? ''
  if (kubeconfig !== '') say(`The tests of the operator run on the cluster of ${kubeconfig}.`)
  const { folder, from } = await assets(say, stop.signal)
  say(`etcd and kube-apiserver are in ${folder} (from ${from}). The tests take some minutes.`)
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
