/** Compares JSON with an expectation that names only what matters. */

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A line for each difference. An object says what must be there at least, a list all of its elements in order;
 * "$absent" stands for an attribute that must not be there, "$text" for any text that is not empty.
 */
export const differences = (actual: unknown, expected: unknown, at = ''): readonly string[] => {
  if (expected === '$absent') {
    return actual === undefined ? [] : [`${at} should not be there but is ${JSON.stringify(actual)}`]
  }
  if (expected === '$text' && typeof actual === 'string' && actual !== '') return []
  if (isObject(expected) && isObject(actual)) {
    return Object.entries(expected).flatMap(([name, value]) =>
      differences(actual[name], value, at === '' ? name : `${at}.${name}`),
    )
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((value: unknown, index) => differences(actual[index], value, `${at}[${index}]`))
  }
  return Object.is(actual, expected) || (isEmptyList(actual) && isEmptyList(expected))
    ? []
    : [`${at} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`]
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0
