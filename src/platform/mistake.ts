/** What keeps a process from its work and a person can mend: its message is one sentence that says how. */
export class Mistake extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Mistake'
  }
}
