import { deviceTopic, type StatusMessages } from '../broker/index.ts';
import type { Software } from '../proof/index.ts';

/** What the device's retained status topic says, as JSON, while it is connected and when it is not. */
export function statusMessages(prefix: string, kid: string, software: Software): StatusMessages {
  return {
    topic: deviceTopic(prefix, kid, 'status'),
    online: JSON.stringify({ online: true, software: `${software.name} ${software.version}` }),
    offline: JSON.stringify({ online: false, software: `${software.name} ${software.version}` }),
  };
}
