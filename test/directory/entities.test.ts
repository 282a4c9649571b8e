import { expect, test } from 'vitest'
import { withClient } from '#directory/client.ts'
import { entities } from '#directory/entities/list.ts'
import { opened } from '#test/kit/builders.ts'
import { cloneDatabase } from '#test/kit/postgres.ts'

interface Column {
  readonly table: string
  readonly column: string
  readonly type: string
  readonly isNullable: boolean
  readonly isKey: boolean
  readonly hasDefault: boolean
}

/*
 * MikroORM's own schema diff is no judge here: it knows neither partitions nor the columns of an operator class, and
 * wants to drop every foreign key that is not a relation (memberships are written by the million, not by entity).
 * So entities and migrated schema are compared column by column.
 */
test('entities and migrated schema have the same tables, columns, types, keys and defaults', async () => {
  await using db = await cloneDatabase()
  await using owner = await opened(db.ownerUrl)
  const migrated = await withClient(owner, (query) =>
    query<Column>(
      `select relname as table, attname as column, format_type(atttypid, atttypmod) as type,
         not attnotnull as "isNullable", atthasdef as "hasDefault",
         coalesce(attnum = any(conkey), false) as "isKey"
       from pg_attribute
       join pg_class on pg_class.oid = attrelid
       left join pg_constraint on conrelid = attrelid and contype = 'p'
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
         and attnum > 0 and not attisdropped and relname <> 'mikro_orm_migrations'`,
    ),
  )
  const declared = [...owner.orm.getMetadata().getAll().values()].flatMap((meta) =>
    meta.props.map((property): Column => ({
      table: meta.tableName,
      column: property.fieldNames[0] ?? '',
      type: typeOf(property.columnTypes[0] ?? ''),
      isNullable: property.nullable ?? false,
      isKey: property.primary ?? false,
      hasDefault: (property.defaultRaw ?? property.default ?? null) !== null,
    })),
  )
  expect(sorted(declared)).toEqual(sorted(migrated))
  expect(new Set(migrated.map(({ table }) => table)).size).toBe(entities.length)
})

/** MikroORM's short names, as Postgres prints them. */
function typeOf(columnType: string): string {
  const names: Record<string, string> = {
    int: 'integer',
    'timestamptz(6)': 'timestamp with time zone',
    timestamptz: 'timestamp with time zone',
    'text[]': 'text[]',
  }
  return names[columnType] ?? columnType
}

function sorted(columns: readonly Column[]): Column[] {
  return columns.toSorted((one, two) =>
    `${one.table}.${one.column}` < `${two.table}.${two.column}` ? -1 : 1,
  )
}
