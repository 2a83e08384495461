/** What a device has answered: a UBX-ACK about a class and id, or a sentence without its checksum. */
export type Answer =
  | { readonly type: 'ubx'; readonly code: number; readonly ok: boolean }
  | { readonly type: 'sentence'; readonly text: string };

/** What an answer says of a command: `wait`: it is at it; `again`: it cannot now; `other`: it is about something else. */
export type Verdict = 'done' | 'refused' | 'wait' | 'again' | 'other';

/** One message that a device is told. */
export interface Command {
  /** What failures are reported by. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Left out where a device never acknowledges such a command. */
  readonly judge?: (answer: Answer) => Verdict;
  /** The same in smaller messages: if the whole is refused, they tell which part is not liked. */
  readonly parts?: readonly Command[];
}

/** The commands of a part of a configuration, and what of it cannot be told at all. */
export interface Plan {
  readonly commands: readonly Command[];
  readonly problems: readonly string[];
}

/** UBX-ACK-ACK and UBX-ACK-NAK (u-blox interface description, "UBX-ACK") name the class and id that they answer. */
export const judgeAck =
  (code: number) =>
  (answer: Answer): Verdict => {
    if (answer.type !== 'ubx' || answer.code !== code) return 'other';
    return answer.ok ? 'done' : 'refused';
  };
