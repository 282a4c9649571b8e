/** The page of metrics: every one that the product declares. */
import { createMetrics } from '#platform/metrics.ts'

import { code, markdownTable } from './table.ts'

export const metricsPage = (): string => {
  const { registry } = createMetrics({ ofProcess: false })
  const rows = registry
    .getMetricsAsArray()
    .map((metric) => [
      code(metric.name),
      String(metric.type),
      labelsOf(metric).map(code).join(', '),
      metric.help,
    ])
  return `# Metrics

Every process serves them at \`/metrics\`, with the usual ones of Node.js (\`nodejs_*\`, \`process_*\`) beside them.
The label \`tenant\` is the tenant's id; when there are more tenants than \`METRICS_TENANT_LIMIT\`, the rest share \`other\`.

${markdownTable(['metric', 'kind', 'labels', 'what it is'], rows)}
`
}

/** prom-client keeps them, and says so in no type. */
const labelsOf = (metric: object): readonly string[] =>
  'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : []
