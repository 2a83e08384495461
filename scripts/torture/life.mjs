/** Two clocks of one machine, and a stamp taken before the deed. */
export const CLOCK_MS = 150;

/** A run of the daemon that was ended by kill -9. */
export const isKill = ({ endedBy }) => endedBy === 'SIGKILL';
