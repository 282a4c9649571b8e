/** What a filter's target is in SQL: a column, a value in the folded document, or the rows behind a list. */

import type { Attribute, AttributeReference, ResourceType } from '#scim/schema.ts'
import { leafOf } from '#scim/filter/target.ts'
import type { SqlType } from './parameters.ts'

/** Where a filter is compiled: the alias of the resource, the tenant as SQL, and how values are bound. */
export interface FilterContext {
  readonly type: ResourceType
  /** Alias of the table `resource` in the query around it. */
  readonly resource: string
  /** SQL of the tenant's id, such as `$1`. */
  readonly tenant: string
  readonly bind: (value: unknown, type: SqlType) => string
  /**
   * Whether a search of the whole tenant by trigrams comes first; true unless told. False where the resources are
   * few and known already, so that only the condition on each of them counts.
   */
  readonly usesCandidates?: boolean
  /**
   * Takes a query of ids that the resource must be one of, and gives the condition that is left of it. Absent: it is
   * a condition like every other.
   */
  readonly takeIds?: (query: string) => string
  /**
   * SQL of the value at a path of the folded document, as `#>` or `#>>` gives it, where the query around has taken it
   * out for many conditions. Absent: each condition takes out what it compares.
   */
  readonly extract?: (path: readonly string[], operator: '#>' | '#>>') => string
}

/** One scalar in SQL, null when there is none. */
export type Operand =
  | {
      /** Text `collate "C"`, folded already unless its attribute is case exact. */
      readonly kind: 'text'
      readonly sql: string
      /** A plain column: a prefix becomes a range, so that its index serves. */
      readonly isColumn?: boolean
      /** Function of the trigram index that gives candidate ids for a pattern. */
      readonly candidates?: string
    }
  | { readonly kind: 'json'; readonly sql: string }
  | { readonly kind: 'boolean'; readonly sql: string }
  | { readonly kind: 'instant'; readonly sql: string }
  | { readonly kind: 'id'; readonly sql: string }
  /** The same for every resource of the type. */
  | { readonly kind: 'constant'; readonly value: string }

/** The elements of a multi-valued attribute: a `from … where …` that names the resource. */
export interface Elements {
  readonly from: string
  /** Which element speaks for all in a sorted list: the primary one, else the first. */
  readonly order: string
  /** What a sub-attribute of one element is; without one, the element itself. */
  readonly operand: (subAttribute: Attribute | undefined) => Operand
}

/** The scalar of a target that has at most one value; undefined for an attribute of many values. */
export function operandOf(target: AttributeReference, context: FilterContext): Operand | undefined {
  const { attribute, subAttribute } = target
  if (target.extension === undefined) {
    const column = columnOf(target, context)
    if (column !== undefined) return column
  }
  if (attribute.multiValued) return undefined
  const path = subAttribute === undefined ? pathOf(target) : [...pathOf(target), subAttribute.name]
  return valueOperand(leafOf(target), (operator) => valueAt(path, operator, context))
}

/** Hot attributes and those that are no part of the document. */
function columnOf(target: AttributeReference, context: FilterContext): Operand | undefined {
  const { type, resource } = context
  const { attribute } = target
  if (attribute.name === type.uniqueAttribute) {
    return textColumn(`${resource}.unique_key`, 'resource_ids_by_unique_key')
  }
  switch (attribute.name) {
    case 'id':
      return { kind: 'id', sql: `${resource}.id` }
    case 'externalId':
      return textColumn(`${resource}.external_id`)
    case 'displayName':
      return textColumn(`${resource}.display_key`, 'resource_ids_by_display_key')
    case 'active':
      return { kind: 'boolean', sql: `${resource}.active` }
    case 'meta':
      return metaOperand(target.subAttribute, context)
    default:
      return undefined
  }
}

function metaOperand(subAttribute: Attribute | undefined, context: FilterContext): Operand {
  switch (subAttribute?.name ?? '') {
    case 'created':
      return { kind: 'instant', sql: `${context.resource}.created` }
    case 'lastModified':
      return { kind: 'instant', sql: `${context.resource}.last_modified` }
    case 'version':
      return { kind: 'text', sql: `('W/"' || ${context.resource}.version || '"') collate "C"` }
    default:
      return { kind: 'constant', value: context.type.name }
  }
}

function textColumn(sql: string, candidates?: string): Operand {
  return { kind: 'text', sql, isColumn: true, ...(candidates !== undefined && { candidates }) }
}

/** The rows behind a multi-valued attribute. */
export function elementsOf(target: AttributeReference, context: FilterContext): Elements {
  const { type } = context
  const isCore = target.extension === undefined
  if (isCore && target.attribute.name === 'schemas') return schemaElements(context)
  if (isCore && target.attribute.name === type.membershipAttribute) return memberElements(context)
  if (isCore && target.attribute.name === type.membershipsAttribute) return groupElements(context)
  const list = valueAt(pathOf(target), '#>', context)
  return {
    // Lax mode: an element that is no list counts as a list of one, and an absent one as none.
    from: `jsonb_path_query(${list}, '$[*]') with ordinality as element(item, ordinal) where true`,
    order: `(element.item -> 'primary' = 'true') is true desc, element.ordinal`,
    operand: (subAttribute) =>
      valueOperand(subAttribute ?? target.attribute, (operator) => {
        const path = subAttribute === undefined ? [] : [subAttribute.name]
        return `(element.item ${operator} ${context.bind(path, 'text[]')})`
      }),
  }
}

/** The stored addresses as rows, of which only `type` and `value` are known. */
export function emailElements(context: FilterContext): Elements {
  return {
    from: `email where email.tenant_id = ${context.tenant} and email.resource_id = ${context.resource}.id`,
    order: 'email.ordinal',
    operand: (subAttribute) =>
      subAttribute?.name === 'type'
        ? { kind: 'text', sql: 'email.type', isColumn: true }
        : textColumn('email.value_key', 'resource_ids_by_email'),
  }
}

function memberElements({ tenant, resource }: FilterContext): Elements {
  return {
    from: `membership join resource member
      on member.tenant_id = membership.tenant_id and member.id = membership.member_id
      where membership.tenant_id = ${tenant} and membership.group_id = ${resource}.id`,
    order: 'member.id',
    operand: rowOperand('member', `lower(member.type collate "C")`),
  }
}

function groupElements({ tenant, resource }: FilterContext): Elements {
  return {
    from: `membership join resource holder
      on holder.tenant_id = membership.tenant_id and holder.id = membership.group_id
      where membership.tenant_id = ${tenant} and membership.member_id = ${resource}.id`,
    order: 'holder.id',
    operand: rowOperand('holder', `'direct'`),
  }
}

/** Names of resource types are ASCII, which `lower` under "C" folds as scim/fold.ts does. */
function rowOperand(alias: string, type: string): Elements['operand'] {
  return (subAttribute) => {
    switch (subAttribute?.name ?? 'value') {
      case 'type':
        return { kind: 'text', sql: type }
      case 'display':
        return { kind: 'text', sql: `(${alias}.folded ->> 'displayName') collate "C"` }
      default:
        return { kind: 'id', sql: `${alias}.id` }
    }
  }
}

/** The URN of the type, and those of the extensions that the document has. */
function schemaElements({ type, resource, bind }: FilterContext): Elements {
  const extensions = bind(
    type.extensions.map(({ schema }) => schema.id),
    'text[]',
  )
  return {
    from: `(select ${bind(type.schema.id, 'text')} union all
      select urn from unnest(${extensions}) as extension(urn) where ${resource}.folded ? urn) as element(urn) where true`,
    order: 'element.urn',
    operand: () => ({ kind: 'text', sql: 'element.urn collate "C"' }),
  }
}

/** The value at a path of the folded document. */
function valueAt(path: readonly string[], operator: '#>' | '#>>', context: FilterContext): string {
  const { resource, bind, extract } = context
  return extract?.(path, operator) ?? `(${resource}.folded ${operator} ${bind(path, 'text[]')})`
}

/** A scalar in a document, taken out by the operator that its type asks for. */
function valueOperand(attribute: Attribute, valueBy: (operator: '#>' | '#>>') => string): Operand {
  switch (attribute.type) {
    case 'string':
    case 'reference':
    case 'binary':
      return { kind: 'text', sql: `${valueBy('#>>')} collate "C"` }
    case 'boolean':
    case 'integer':
    case 'decimal':
    case 'dateTime':
    case 'complex':
      return { kind: 'json', sql: valueBy('#>') }
  }
}

/** Where an attribute is in the document. */
function pathOf({ extension, attribute }: AttributeReference): readonly string[] {
  return extension === undefined ? [attribute.name] : [extension, attribute.name]
}

/** The resource is one of those whose ids the query selects: few, and found by an index of their own. */
export function isOneOf(query: string, { resource, takeIds }: FilterContext): string {
  return takeIds?.(query) ?? `${resource}.id = any(array(${query}))`
}
