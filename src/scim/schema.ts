/** What an attribute, a schema and a resource type are: the protocol's rules as data (RFC 7643 sections 2 and 7). */

export type AttributeType =
  | 'string'
  | 'boolean'
  | 'decimal'
  | 'integer'
  | 'dateTime'
  | 'reference'
  | 'binary'
  | 'complex'

/** One attribute with its characteristics (RFC 7643 section 7). Every rule of the protocol stands here, once. */
export interface Attribute {
  readonly name: string
  readonly type: AttributeType
  readonly multiValued: boolean
  readonly description: string
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly'
  readonly returned: 'always' | 'never' | 'default' | 'request'
  readonly uniqueness: 'none' | 'server' | 'global'
  readonly canonicalValues?: readonly string[]
  readonly referenceTypes?: readonly string[]
  readonly subAttributes?: readonly Attribute[]
}

export interface Schema {
  readonly id: string
  /** Older URNs by which clients still name this schema: understood on the way in, never advertised. */
  readonly aliases?: readonly string[]
  readonly name: string
  readonly description: string
  readonly attributes: readonly Attribute[]
}

/** A kind of resource and where it is served (RFC 7643 section 6). */
export interface ResourceType {
  /** `User`, `Group`: also the value of `meta.resourceType` and of the column `resource.type`. */
  readonly name: string
  /** Path below the base URL, with its slash: `/Users`. */
  readonly endpoint: string
  readonly description: string
  readonly schema: Schema
  readonly extensions: readonly { readonly schema: Schema; readonly required: boolean }[]
  /** Core attribute whose folded value is unique among the tenant's resources of this type. */
  readonly uniqueAttribute: string
  /** Multi-valued attribute kept as membership rows and never inside the stored document (`members`). */
  readonly membershipAttribute?: string
  /** Read-only attribute computed from the membership rows of others (`groups`). */
  readonly membershipsAttribute?: string
}

/** An attribute resolved against a resource type: where a filter, path or sort key points. */
export interface AttributeReference {
  /** URN of the extension that holds the attribute; absent for core and common attributes. */
  readonly extension?: string
  readonly attribute: Attribute
  readonly subAttribute?: Attribute
}
