/** Samples out of the text that Prometheus scrapes. */

type Labels = Readonly<Record<string, string>>

/** The sum of the samples of this name that have all of these labels; 0 if there are none. */
export const sampleSum = (text: string, name: string, labels: Labels = {}): number =>
  samples(text, name).reduce(
    (sum, sample) =>
      Object.entries(labels).every(([key, value]) => sample.labels[key] === value) ? sum + sample.value : sum,
    0,
  )

/** All samples of this name. */
export const samples = (text: string, name: string): { readonly labels: Labels; readonly value: number }[] =>
  text.split('\n').flatMap((line) => {
    if (!line.startsWith(name)) return []
    const [, braces = '', value] = /^(?:\{(.*)\})? (\S+)$/.exec(line.slice(name.length)) ?? []
    if (value === undefined) return []
    const pairs = [...braces.matchAll(/(\w+)="([^"]*)"/g)]
    return [{ labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])), value: Number(value) }]
  })
