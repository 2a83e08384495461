import { Crew, type Member } from '../crew.ts';
import type { Link } from './link.ts';
import type { Plan } from './plan.ts';

/** The link to the verifier in force. A new one begins when the one before has ended: the broker takes them for the same client. */
export class Delivery {
  readonly #crew = new Crew();
  readonly #make: (plan: Plan) => Link;
  #link: Link;
  #member: Member;

  constructor(plan: Plan, make: (plan: Plan) => Link) {
    this.#make = make;
    this.#link = make(plan);
    this.#member = this.#begin(this.#link);
  }

  get link(): Link {
    return this.#link;
  }

  /** Delivers until the signal. @throws FieldsealError OUTBOX_UNUSABLE, or FILE_NOT_READABLE for what connecting needs */
  run(signal: AbortSignal): Promise<void> {
    return this.#crew.run(signal);
  }

  /** Delivers as the plan says from now on. Proofs wait in the outbox meanwhile. */
  async follow(plan: Plan): Promise<void> {
    if (this.#link.serves(plan)) return;
    await this.#member.stop();
    this.#link = this.#make(plan);
    this.#member = this.#begin(this.#link);
  }

  #begin(link: Link): Member {
    return this.#crew.start((stop) => link.run(stop));
  }
}
