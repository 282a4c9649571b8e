/** Short ways to write an attribute down, with the defaults of RFC 7643 section 2.2. */

import type { Attribute, AttributeType } from '#scim/schema.ts'

type Traits = Partial<Omit<Attribute, 'name' | 'type' | 'description'>>

/** An attribute with the default characteristics; references and binaries are case exact (sections 2.3.6, 2.3.7). */
export function attribute(
  name: string,
  type: AttributeType,
  description: string,
  traits: Traits = {},
): Attribute {
  return {
    name,
    type,
    multiValued: false,
    description,
    required: false,
    caseExact: type === 'reference' || type === 'binary',
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...traits,
  }
}

/** A multi-valued complex attribute with the default sub-attributes of RFC 7643 section 2.4. */
export function plural(
  name: string,
  description: string,
  options: { readonly value?: Attribute; readonly types?: readonly string[] } = {},
): Attribute {
  return attribute(name, 'complex', description, {
    multiValued: true,
    subAttributes: [
      options.value ?? attribute('value', 'string', 'The significant value.'),
      attribute('display', 'string', 'A human-readable name, for display.'),
      typeLabel(options.types),
      primary,
    ],
  })
}

export function typeLabel(canonicalValues?: readonly string[]): Attribute {
  return attribute(
    'type',
    'string',
    'A label for the function of the value.',
    canonicalValues === undefined ? {} : { canonicalValues },
  )
}

export const primary: Attribute = attribute(
  'primary',
  'boolean',
  'Whether this is the preferred value; at most one value of the attribute has it true.',
)
