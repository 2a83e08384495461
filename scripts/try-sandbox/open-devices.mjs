// Says of each device node named whether it can be opened, as one JSON object; run within the unit's sandbox.
import { closeSync, openSync } from 'node:fs';

const outcome = (path) => {
  try {
    closeSync(openSync(path, 'r+'));
    return 'open';
  } catch (error) {
    return error.code;
  }
};
console.log(JSON.stringify(Object.fromEntries(process.argv.slice(2).map((path) => [path, outcome(path)]))));
