/** Every entity of the directory. */

export const entities: readonly [] = []
