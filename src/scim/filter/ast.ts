/** A filter as a tree, resolved against a resource type (RFC 7644 section 3.4.2.2). */

import type { AttributeReference } from '#scim/schema.ts'

export type ComparisonOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le'

export type FilterValue = string | number | boolean | null

export type Filter =
  | {
      readonly kind: 'comparison'
      /** Never a complex attribute: `emails co "x"` is resolved to `emails.value`. */
      readonly target: AttributeReference
      readonly operator: ComparisonOperator
      readonly value: FilterValue
    }
  | { readonly kind: 'presence'; readonly target: AttributeReference }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'and'; readonly filters: readonly Filter[] }
  | { readonly kind: 'or'; readonly filters: readonly Filter[] }
  /**
   * valuePath: one element of `target` (complex, multi-valued) satisfies the whole of `filter`, whose targets are
   * sub-attributes of it (`attribute` is the sub-attribute, `subAttribute` absent).
   */
  | { readonly kind: 'element'; readonly target: AttributeReference; readonly filter: Filter }
  /** An attribute that the type lacks, in a query over all types: no value, so `pr` is false and `ne` is true. */
  | { readonly kind: 'constant'; readonly value: boolean }
